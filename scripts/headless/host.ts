// Runs project code in a real Chromium without a window: the same engine as the page, for the command line.
// A small Vite server offers the source; the page imports one module and hands its functions to the script.
import type { Browser, BrowserType, Page } from 'playwright-core';
import { chromiumFlags, findChromium } from '../chromium.mjs';
import { root } from '../install.mjs';
import { fromPage, PageFailure, pageSentence } from './page-failure.ts';

/** How long the page's module may take to load; a cold Vite bundles tfjs first. */
const patience = 120_000;

/**
 * Opens `path` (an HTML file below the project's root) in headless Chromium, waits until its module has set
 * `window[entry]`, runs `work` with the page, and closes everything again. The page's console goes to stderr.
 * @throws PageFailure when the page throws, inside `work` or on its own, or does not start
 * @throws Error when no Chrome or Chromium is installed or it cannot be started
 */
export async function withHeadlessPage<T>(
  path: string, entry: keyof Window & string, work: (page: Page) => Promise<T>,
): Promise<T> {
  // Loaded here, because both take a second that --help and a wrong flag need not wait for.
  const { chromium, errors } = await import('playwright-core');
  const { createServer } = await import('vite');
  const browser = await launch(chromium);
  try {
    const server = await createServer({
      root,
      configFile: `${root}/vite.config.ts`,
      logLevel: 'error',
      server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    });
    try {
      await server.listen();
      const address = server.resolvedUrls?.local[0];
      if (!address) throw new Error('The local server has no address.');
      return await runIn(browser, new URL(path, address).href, entry, work);
    } catch (error) {
      // Nothing but the start has a limit.
      if (!(error instanceof errors.TimeoutError)) throw fromPage(error);
      throw new PageFailure(`The headless page did not start within ${patience / 1000} s.`, { cause: error });
    } finally {
      await server.close();
    }
  } finally {
    await browser.close();
  }
}

async function launch(chromium: BrowserType): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) {
    throw new Error('No Chrome or Chromium found: install one, or set CHROMIUM_PATH to its executable.');
  }
  try {
    return await chromium.launch({ executablePath, args: chromiumFlags });
  } catch (cause) {
    const reason = pageSentence(cause instanceof Error ? cause.message : String(cause)).split('\n')[0];
    throw new Error(`${executablePath} could not be started: ${reason}`, { cause });
  }
}

async function runIn<T>(
  browser: Browser, address: string, entry: string, work: (page: Page) => Promise<T>,
): Promise<T> {
  const page = await browser.newPage();
  // Evaluations take hours; only the start has a limit.
  page.setDefaultTimeout(0);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'info') process.stderr.write(`${message.text()}\n`);
  });
  const broken = new Promise<never>((_, reject) => {
    page.once('pageerror', (error) => reject(new PageFailure(pageSentence(error.message), { cause: error })));
  });
  const start = async () => {
    await page.goto(address, { waitUntil: 'commit' });
    await page.waitForFunction((name) => name in window, entry, { timeout: patience });
    return work(page);
  };
  return Promise.race([broken, start()]);
}
