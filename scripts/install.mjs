// Set-up shared by `npm start` and `npm test`. Uses nothing but Node: it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Runs a command in the project's root with its output shown.
 * @param {string} command
 * @param {string[]} parameters
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 * @returns {number} its exit status; 1 when it could not be started
 */
export function run(command, parameters, options = {}) {
  const shell = process.platform === 'win32';
  return spawnSync(command, parameters, { cwd: root, stdio: 'inherit', shell, ...options }).status ?? 1;
}

/** Ends the process with a sentence when this Node is too old to build the page. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`PhysMaster Studio needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

/**
 * Installs what package-lock.json names, unless that very lock file is installed already. Development
 * packages belong to it whatever NODE_ENV says: one stamp stands for all of them.
 */
export function installPackages() {
  const stamp = join(root, 'node_modules', '.lock-hash');
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  console.log('Installing packages ...');
  const status = run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  if (status !== 0) {
    console.error('npm could not install the packages; see above.');
    process.exit(status);
  }
  writeFileSync(stamp, hash);
}

/** The port that the environment asks for, 4173 where it asks for none; NaN when it is no port. */
export function portFrom(text) {
  if (text === undefined || text.trim() === '') return 4173;
  const port = Number(text);
  return Number.isInteger(port) && port >= 0 && port <= 65535 ? port : NaN;
}
