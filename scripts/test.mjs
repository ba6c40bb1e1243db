// `npm test`: sets up what the tests need, then runs lint, types, Node tests, GPU tests in real Chromium and
// end-to-end tests on the built page. The last line is `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPackages, requireNode, run } from './install.mjs';

requireNode();
installPackages();
installChromium(await import('./chromium.mjs'));

const reports = mkdtempSync(join(tmpdir(), 'physmaster-test-'));
let passed = 0;
let failed = 0;

command('lint', ['run', '--silent', 'lint']);
command('types', ['run', '--silent', 'types']);
vitest('node', 'node');
vitest('GPU', 'gpu-*');
if (command('build', ['run', '--silent', 'build', '--', '--logLevel', 'warn'])) endToEnd();
else failed += 1;

rmSync(reports, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

/** Runs an npm command that counts as one test; true when it passes. */
function command(name, parameters) {
  console.log(`\n== ${name}`);
  const green = run('npm', parameters) === 0;
  if (green) passed += 1;
  else failed += 1;
  return green;
}

/** Runs the vitest projects of a pattern and adds their counts; a run without a report or without a test is a failure. */
function vitest(name, project) {
  console.log(`\n== ${name} tests`);
  const file = join(reports, `${name}.json`);
  const status = run('npx', [
    'vitest', 'run', '--project', project, '--reporter=default', '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
  const report = readReport(file);
  count(status, report?.numPassedTests ?? 0, report?.numFailedTests ?? 0);
}

/** Runs the Playwright specs on the built page and adds their counts. */
function endToEnd() {
  console.log('\n== end-to-end tests');
  const file = join(reports, 'e2e.json');
  const status = run('npx', ['playwright', 'test', '--reporter=list,json'], {
    env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: file },
  });
  const stats = readReport(file)?.stats;
  count(status, stats?.expected ?? 0, (stats?.unexpected ?? 0) + (stats?.flaky ?? 0) + (stats?.skipped ?? 0));
}

/** Adds counts; a runner that failed without a failed test, or ran no test, still counts as one failure. */
function count(status, green, red) {
  passed += green;
  failed += red === 0 && (status !== 0 || green === 0) ? 1 : red;
}

/** A runner's JSON report, or undefined when it wrote none. */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Makes sure that a Chrome or Chromium is there: by apt-get where we are root, else by asking for it. */
function installChromium({ findChromium }) {
  if (findChromium()) return;
  const debian = process.platform === 'linux' && process.getuid?.() === 0;
  if (debian) {
    console.log('No Chrome or Chromium found: installing Debian\'s chromium ...');
    aptGet('update', '-qq');
    aptGet('install', '-y', '-qq', '--no-install-recommends', 'chromium');
  }
  if (findChromium()) return;
  console.error(
    'The tests need Chrome or Chromium with WebGPU. Install one (Debian: apt-get install chromium), '
    + 'or set CHROMIUM_PATH to its executable.',
  );
  console.log('0 passed, 1 failed');
  process.exit(1);
}

/** Runs apt-get, whose many lines matter only when it fails. */
function aptGet(...parameters) {
  const { status, stdout, stderr, error } = spawnSync('apt-get', parameters, { encoding: 'utf8' });
  if (status === 0) return;
  console.error(`apt-get ${parameters.join(' ')} failed:\n${error?.message ?? stdout + stderr}`);
}
