// Without WebGPU the page says what to do, browser by browser, and its scenes are still there.
import { expect, test } from '@playwright/test';
import { findChromium } from '../scripts/chromium.mjs';

test.use({
  launchOptions: {
    executablePath: findChromium(),
    args: ['--headless=new', '--no-sandbox', '--disable-features=WebGPU,WebGPUService', '--disable-gpu'],
  },
});

test('the advice names the browser', async ({ page }) => {
  await page.goto('/');
  const failure = page.locator('.failure');
  await expect(failure).toBeVisible();
  await expect(failure).toHaveAttribute('data-code', /webgpu-missing|adapter-missing/);
  await expect(failure).toContainText('In Chrome');
  await expect(failure.getByRole('listitem').first()).toBeVisible();
  await expect(page.locator('.scene-thumbnail canvas').first()).toBeVisible();
});
