// Without WebGPU the studio runs on the processor, and the page says what would give it a GPU, browser by browser.
import { expect, test } from '@playwright/test';
import { findChromium } from '../scripts/chromium.mjs';
import { pairOnStage, voteAndStep, watch } from './studio-page.ts';

test.use({
  launchOptions: {
    executablePath: findChromium(),
    args: ['--headless=new', '--no-sandbox', '--disable-features=WebGPU,WebGPUService', '--disable-gpu'],
  },
});

test('a pair, a vote and a training step on the processor', async ({ page }) => {
  const { errors } = watch(page);
  await page.goto('/');
  await pairOnStage(page);
  const badge = page.getByRole('button', { name: 'processor (WebAssembly)' });
  await badge.click();
  const reasons = page.getByRole('dialog', { name: 'Without a GPU' });
  await expect(reasons).toContainText('runs on your processor');
  await expect(reasons).toContainText('In Chrome');
  await page.keyboard.press('Escape');
  await expect(reasons).toHaveCount(0);
  await voteAndStep(page);
  expect(errors).toEqual([]);
});

test('where a GPU is insisted on, the advice names the browser', async ({ page }) => {
  await page.goto('/?engine=webgpu');
  const failure = page.locator('.failure');
  await expect(failure).toBeVisible();
  await expect(failure).toHaveAttribute('data-code', /webgpu-missing|adapter-missing/);
  await expect(failure).toContainText('In Chrome');
  await expect(failure.getByRole('listitem').first()).toBeVisible();
  await expect(page.locator('.scene-thumbnail canvas').first()).toBeVisible();
});
