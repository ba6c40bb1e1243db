// Build of the studio page. Assets are never inlined (the content security policy allows no data: scripts
// or styles) and text assets are stored compressed as well, so that the first load stays small.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';
import { securityHeaders } from './scripts/security-headers.mjs';

/** Writes .br and .gz beside every text asset of the build; the server picks by Accept-Encoding. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    async writeBundle(options) {
      const folder = options.dir ?? 'dist';
      const names = await readdir(folder, { recursive: true });
      const texts = names.filter((name) => /\.(js|css|html|json|svg|wasm|md)$/.test(name));
      for (const name of texts) {
        const path = join(folder, name);
        const bytes = await readFile(path);
        const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
        await writeFile(`${path}.br`, brotli);
        await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), precompress()],
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 4000, sourcemap: false },
  worker: { format: 'es' },
  server: { headers: { ...securityHeaders.isolation } },
});
