// Serves the built page with the security headers on every response, errors included.
import { createServer } from 'node:http';
import sirv from 'sirv';
import { securityHeaders } from './security-headers.mjs';

/**
 * Serves `folder` on 127.0.0.1.
 * @param {string} folder absolute path of the build
 * @param {number} port 0 picks a free one
 * @returns {Promise<{address: string, close: () => Promise<void>}>} rejects when the port is taken
 */
export function serve(folder, port) {
  const assets = sirv(folder, {
    brotli: true,
    gzip: true,
    etag: true,
    setHeaders(response, path) {
      // Names under assets/ carry a hash of their content; everything else is asked for again.
      const immutable = path.startsWith('/assets/');
      response.setHeader('Cache-Control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(securityHeaders.all)) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Type': 'text/plain' });
      response.end('This server only answers GET and HEAD.\n');
      return;
    }
    assets(request, response, () => {
      response.writeHead(404, { 'Content-Type': 'text/plain' });
      response.end('There is nothing at this address.\n');
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const bound = server.address();
      resolve({
        address: `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : port}`,
        close: () =>
          new Promise((done) => {
            server.closeAllConnections();
            server.close(() => done(undefined));
          }),
      });
    });
  });
}
