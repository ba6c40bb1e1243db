// `npm start`: installs, builds, serves the studio and opens the default browser.
//   PORT=8080 npm start        another port (default 4173)
//   npm start -- --no-open     do not open a browser
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installPackages, portFrom, requireNode, root, run } from './install.mjs';

const known = new Set(['--no-open', '--help']);
const flags = process.argv.slice(2);
const unknown = flags.find((flag) => !known.has(flag));
if (unknown !== undefined || flags.includes('--help')) {
  if (unknown !== undefined) console.error(`Unknown option ${unknown}.`);
  console.log('Usage: [PORT=4173] npm start [-- --no-open]');
  process.exit(unknown === undefined ? 0 : 2);
}
const port = portFrom(process.env.PORT);
if (Number.isNaN(port)) {
  console.error(`PORT must be a whole number from 0 to 65535, not "${process.env.PORT}".`);
  process.exit(2);
}

requireNode();
installPackages();
if (run('npm', ['run', '--silent', 'build', '--', '--logLevel', 'warn']) !== 0) process.exit(1);

const { serve } = await import('./serve.mjs');
try {
  const { address } = await serve(join(root, 'dist'), port);
  console.log(`PhysMaster Studio is at ${address}  (stop with Ctrl+C)`);
  if (!flags.includes('--no-open')) openBrowser(address);
} catch (error) {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  console.error(taken ? `Port ${port} is in use; choose another: PORT=4174 npm start` : String(error));
  process.exit(1);
}

/** Opens the default browser where there is a desktop; silently does nothing elsewhere. */
function openBrowser(address) {
  const desktop = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!desktop) return;
  const [command, ...parameters] =
    process.platform === 'darwin' ? ['open', address]
    : process.platform === 'win32' ? ['cmd', '/c', 'start', '', address]
    : ['xdg-open', address];
  const child = spawn(command, parameters, { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
