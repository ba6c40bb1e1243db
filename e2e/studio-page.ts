/** What the specs do on the page: the visitor's own moves, and facts read from what the visitor can see. */
import { readFile } from 'node:fs/promises';
import { expect, type Page } from '@playwright/test';

/** Waits until a pair is on the stage and open for a vote. */
export async function pairOnStage(page: Page) {
  await expect(page.getByRole('img', { name: 'Left clip', exact: true })).toBeVisible({ timeout: 180_000 });
  await expect(page.locator('[data-vote=left]')).toBeEnabled({ timeout: 180_000 });
}

/** Casts one vote by its key and waits until the log says that it is saved. Answers the vote's id. */
export async function voteByKey(page: Page, key: string, count: number): Promise<string> {
  await pairOnStage(page);
  await page.keyboard.press(key);
  const saved = page.locator('[data-vote-id][data-save=saved]');
  await expect(saved).toHaveCount(count);
  return (await saved.first().getAttribute('data-vote-id')) ?? '';
}

export interface LoggedStep {
  step: number;
  loss: number;
  margin: number;
  voteIds: string[];
}

/** The training steps in the log, first to last. */
export async function loggedSteps(page: Page): Promise<LoggedStep[]> {
  const rows = await page.locator('tr[data-step]').evaluateAll((elements) =>
    elements.map((element) => ({
      step: Number(element.getAttribute('data-step')),
      loss: Number(element.getAttribute('data-loss')),
      margin: Number(element.getAttribute('data-margin')),
      voteIds: (element.getAttribute('data-vote-ids') ?? '').split(' '),
    })),
  );
  return rows.reverse();
}

/** Collects what the page should never do: errors on the console, requests that leave the origin. */
export function watch(page: Page) {
  const errors: string[] = [];
  const outside: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') outside.push(request.url());
  });
  return { errors, outside };
}

/** Clicks a button that gives a file away, and answers the file's lines. */
export async function linesOfFile(page: Page, name: string): Promise<string[]> {
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name, exact: true }).click();
  const download = await coming;
  expect(download.suggestedFilename()).toBe(name);
  return (await readFile(await download.path(), 'utf8')).trimEnd().split('\n');
}

/** Bytes of all that page and worker have loaded so far, by address, compressed as the server sends them. */
export async function loadedBytes(page: Page): Promise<Map<string, number>> {
  const resources = () => performance.getEntriesByType('resource').map(({ name }) => name);
  const addresses = [page.url(), ...(await page.evaluate(resources))];
  // A worker keeps a list of its own, and is itself on nobody's.
  for (const worker of page.workers()) addresses.push(worker.url(), ...(await worker.evaluate(resources)));
  const loaded = new Map<string, number>();
  for (const address of new Set(addresses.filter((known) => known.startsWith('http')))) {
    const answer = await page.request.head(address, { headers: { 'accept-encoding': 'gzip, deflate, br' } });
    loaded.set(address, Number(answer.headers()['content-length'] ?? NaN));
  }
  return loaded;
}

/** Votes for the left clip, takes a training step, and expects it to start at ln 2 and to name that vote. */
export async function voteAndStep(page: Page) {
  const vote = await voteByKey(page, 'ArrowLeft', 1);
  await page.getByRole('button', { name: '1 step', exact: true }).click();
  await expect(page.locator('tr[data-step="1"]')).toHaveCount(1, { timeout: 180_000 });
  const [step] = await loggedSteps(page);
  expect(step.loss).toBeCloseTo(Math.LN2, 4);
  expect(step.voteIds).toEqual([vote]);
}
