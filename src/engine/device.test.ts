// In Node there is no WebGPU: that is said, and the cpu backend serves instead.

import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, test, vi } from 'vitest';
import { createCpuBackend, createDevice, NoWebGPUError } from './device.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

async function reasonFor(gpu: unknown): Promise<string> {
  vi.stubGlobal('navigator', { gpu });
  const error: unknown = await createDevice({ softwareOk: false }).catch((caught: unknown) => caught);
  return error instanceof NoWebGPUError ? error.reason : `another error: ${String(error)}`;
}

test('every way of having no WebGPU has its reason', async () => {
  const limits = { maxBufferSize: 1 };
  const features = new Set<string>();
  const hardware = { isFallbackAdapter: false, architecture: 'real', description: '' };
  const refuse = (): Promise<never> => Promise.reject(new Error('no memory'));
  const adapter = { info: hardware, limits, features, requestDevice: refuse };
  const software = { ...adapter, info: { ...hardware, architecture: 'swiftshader' } };
  expect(await reasonFor(undefined)).toBe('no navigator.gpu');
  expect(await reasonFor({ requestAdapter: async () => null })).toBe('no adapter');
  expect(await reasonFor({ requestAdapter: async () => software })).toBe('software adapter');
  expect(await reasonFor({ requestAdapter: async () => adapter })).toBe('device request failed');
});

test('the cpu backend computes', async () => {
  await createCpuBackend();
  expect(tf.getBackend()).toBe('cpu');
  expect([...(await tf.add(tf.tensor1d([1, 2]), 1).data())]).toEqual([2, 3]);
});
