// The same loop through our WGSL kernels: a software adapter is used when it is asked for by name, a GPU by itself.
import { expect, test } from '@playwright/test';
import { pairOnStage, voteAndStep, watch } from './studio-page.ts';

test('a pair, a vote and a training step on WebGPU', async ({ page }) => {
  const { errors } = watch(page);
  // Without the measuring of kernels, which has suites of its own: a software adapter takes minutes for it.
  await page.goto('/?engine=webgpu&autotune=off');
  await pairOnStage(page);
  await voteAndStep(page);
  await page.locator('.model-line').getByRole('button').click();
  const kernels = page.getByRole('dialog', { name: 'Kernels on this adapter' });
  await expect(kernels).toContainText('usual way to run each kernel');
  expect(errors).toEqual([]);
});
