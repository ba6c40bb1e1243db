// Finds an installed Chrome or Chromium and names the flags under which it offers WebGPU on machines
// without a GPU. Shared by the test configuration, the command-line tools and the end-to-end tests.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Flags for headless Chromium: WebGPU on a software adapter where there is no GPU, no background traffic; and those in
 * CHROMIUM_FLAGS, separated by spaces.
 */
export const chromiumFlags = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  ...(process.env.CHROMIUM_FLAGS ?? '').split(' ').filter((flag) => flag !== ''),
];

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Path of an installed Chrome or Chromium (CHROMIUM_PATH overrides), or undefined when there is none. */
export function findChromium() {
  const wanted = process.env.CHROMIUM_PATH;
  if (wanted) return wanted;
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)));
  return [...onPath, ...places].find((path) => existsSync(path));
}
