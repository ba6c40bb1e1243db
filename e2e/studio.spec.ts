// What surrounds the loop, in one visit: an image of one's own, the automatic voter, snapshots and the way
// back, before and after, and what is taken away.
import { expect, test } from '@playwright/test';
import { encode } from 'fast-png';
import { linesOfFile, pairOnStage, voteByKey, watch } from './studio-page.ts';

/** A picture unlike any scene: a board of magenta and green, wider than high. */
function checkers(): Buffer {
  const [width, height, side] = [96, 64, 6];
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const column = Math.floor((pixel % width) / side);
    const row = Math.floor(pixel / width / side);
    data.set((column + row) % 2 ? [255, 0, 255] : [0, 255, 0], 3 * pixel);
  }
  return Buffer.from(encode({ width, height, data, channels: 3 }));
}

test('own image, automatic voter, snapshots, before and after, files', async ({ page }) => {
  test.setTimeout(600_000);
  const { errors, outside } = watch(page);
  await page.goto('/');
  await pairOnStage(page);

  // An image of one's own: cropped, generated from, and said to be outside what the model knows.
  const image = { name: 'checkers.png', mimeType: 'image/png', buffer: checkers() };
  await page.getByLabel('An image of your own').setInputFiles(image);
  await expect(page.getByRole('img', { name: 'Your image, checkers.png' })).toBeVisible();
  await expect(page.locator('.outside-note')).toContainText('outside what the model was trained on', {
    timeout: 180_000,
  });
  const own = await voteByKey(page, 'ArrowLeft', 1);
  await expect(page.getByRole('img', { name: 'The simulation' })).toHaveCount(0);

  // "Vote for me" says that it is not a person, while it votes and in the log.
  const voter = page.locator('.vote-for-me').getByRole('switch');
  await voter.click();
  await expect(page.getByRole('heading', { name: 'The automatic voter is choosing' })).toBeVisible();
  const automatic = page.locator('tr[data-vote-id]').filter({ hasText: 'Automatic' });
  await expect(automatic.first()).toHaveAttribute('data-save', 'saved', { timeout: 180_000 });
  await expect(page.getByRole('region', { name: 'Last vote' })).toContainText('automatic, by the error');
  await voter.click();
  await expect(page.getByRole('heading', { name: 'Which clip is more plausible?' })).toBeVisible();
  const logged = await page.locator('tr[data-vote-id]').evaluateAll((rows) =>
    rows.map((row) => row.getAttribute('data-vote-id')),
  );
  const counted = await automatic.count();
  expect(logged).toHaveLength(1 + counted);
  await expect(automatic.filter({ hasText: 'saved' })).toHaveCount(counted);

  // A snapshot, a step away from it, and one click back.
  const step = page.getByRole('button', { name: '1 step', exact: true });
  await step.click();
  await expect(page.locator('tr[data-step="1"]')).toHaveCount(1, { timeout: 240_000 });
  await page.getByRole('button', { name: 'Snapshot', exact: true }).click();
  await page.getByRole('group', { name: 'Log' }).getByRole('button', { name: 'Snapshots' }).click();
  const mine = page
    .locator('tr[data-snapshot-id]')
    .filter({ has: page.getByRole('cell', { name: 'you', exact: true }) });
  await expect(mine).toHaveCount(1);
  await expect(mine).toHaveAttribute('data-head', 'true');
  await step.click();
  await expect(page.locator('tr[data-step="2"]')).toHaveCount(1, { timeout: 240_000 });
  await page.getByRole('button', { name: 'Back to step 1' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Back to step 1.' })).toBeVisible();
  await expect(page.locator('tr[data-step]')).toHaveCount(1);
  await expect(mine).toHaveAttribute('data-head', 'true');

  // Before and after, from the weights that were gone back to.
  const compare = page.getByRole('region', { name: 'Before and after' });
  await expect(compare).toContainText(/the model after 1 step/, { timeout: 300_000 });
  for (const name of ['Before', 'After', 'Simulation']) {
    await expect(compare.getByRole('img', { name, exact: true })).toHaveCount(4);
  }
  await expect(compare).toContainText('Flow loss on the simulation');

  // What is taken away: each vote a line, with its pair and who cast it, and no pixels.
  const lines = await linesOfFile(page, 'votes.jsonl');
  const votes = lines.map((line) => JSON.parse(line));
  expect(votes.map(({ id }) => id)).toEqual(logged.reverse());
  expect(votes[0]).toMatchObject({
    kind: 'vote.added', id: own, choice: 'left', input: 'key', automatic: false, standing: true,
    pair: { source: { kind: 'image', name: 'checkers.png' } },
  });
  for (const vote of votes.slice(1)) {
    expect(vote).toMatchObject({ input: 'automatic', automatic: true, pair: { source: { split: 'train' } } });
  }
  expect(lines.join('')).not.toContain('pixels');
  const [header, ...rows] = await linesOfFile(page, 'metrics.csv');
  expect(header).toMatch(/^step,stage,loss,/);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatch(/^1,generator,0\.69/);

  expect(outside).toEqual([]);
  expect(errors).toEqual([]);
});
