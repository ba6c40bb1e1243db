// Runs project code in a real Chromium without a window: the same engine as the page, for the command line.
// A small Vite server offers the source; the page imports one module and hands its functions to the script.
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import { createServer } from 'vite';
import { chromiumFlags, findChromium } from '../chromium.mjs';
import { root } from '../install.mjs';

/**
 * Opens `path` (an HTML file below the project's root) in headless Chromium, runs `work` with the page, and
 * closes everything again. Errors thrown in the page reach the caller; its console goes to stderr.
 * @throws when no Chrome or Chromium is installed
 */
export async function withHeadlessPage<T>(path: string, work: (page: Page) => Promise<T>): Promise<T> {
  const executablePath = findChromium();
  if (!executablePath) {
    throw new Error('No Chrome or Chromium found: install one, or set CHROMIUM_PATH to its executable.');
  }
  const server = await createServer({
    root,
    configFile: `${root}/vite.config.ts`,
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
  });
  await server.listen();
  const address = server.resolvedUrls?.local[0];
  if (!address) throw new Error('The local server has no address.');
  const browser = await chromium.launch({ executablePath, args: chromiumFlags });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'info') process.stderr.write(`${message.text()}\n`);
    });
    await page.goto(new URL(path, address).href);
    return await work(page);
  } finally {
    await browser.close();
    await server.close();
  }
}
