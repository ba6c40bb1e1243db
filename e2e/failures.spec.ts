// What goes wrong is said: weights that are missing or cut short, and images that are none.
import { expect, test } from '@playwright/test';

const weights = '**/models/nano/model.safetensors';

test('missing weights are refused by name, and the page stays usable', async ({ page }) => {
  await page.route(weights, (route) => route.fulfill({ status: 404, body: 'gone' }));
  await page.goto('/');
  const failure = page.locator('.failure[data-code=weights-missing]');
  await expect(failure).toBeVisible();
  await expect(failure).toContainText('model.safetensors');
  await expect(page.getByRole('button', { name: 'Try again' })).toBeEnabled();
  await expect(page.locator('.scene-thumbnail canvas').first()).toBeVisible();
});

test('weights that were cut short are refused by name', async ({ page }) => {
  await page.route(weights, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    await route.fulfill({ status: 200, body: body.subarray(0, Math.floor(body.length / 2)) });
  });
  await page.goto('/');
  await expect(page.locator('.failure[data-code=weights-truncated]')).toBeVisible();
});

test('what is no image, or a huge one, is refused with a sentence', async ({ page }) => {
  await page.goto('/');
  const file = page.getByLabel('An image of your own');
  const refusal = page.getByRole('region', { name: 'Scene' }).getByRole('alert');

  const letter = Buffer.from('a letter, not a picture');
  await file.setInputFiles({ name: 'letter.txt', mimeType: 'text/plain', buffer: letter });
  await expect(refusal).toContainText('letter.txt is not an image');
  await file.setInputFiles({ name: 'letter.png', mimeType: 'image/png', buffer: letter });
  await expect(refusal).toContainText('letter.png is not an image that can be read here');

  const header = Buffer.alloc(64);
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]).copy(header);
  header.writeUInt32BE(30_000, 16);
  header.writeUInt32BE(30_000, 20);
  await file.setInputFiles({ name: 'huge.png', mimeType: 'image/png', buffer: header });
  await expect(refusal).toContainText('30000 by 30000 pixels');

  await page.getByRole('button', { name: 'Dismiss' }).first().click();
  await expect(refusal).toHaveCount(0);
});

test('where storage is refused, the page says that nothing outlives it', async ({ page }) => {
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('refused', 'SecurityError');
    };
  });
  await page.goto('/');
  await expect(page.getByRole('status').filter({ hasText: 'kept in memory' })).toBeVisible();
});
