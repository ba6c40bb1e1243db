// Failures: every error that ends a session gets its code and something to do about it.
import { expect, test } from 'vitest';
import { NoWebGPUError } from '../engine/device.ts';
import { WeightsError } from '../model/weights.ts';
import { failureOf, WorldError } from './session-failure.ts';

test.each([
  [new NoWebGPUError('no navigator.gpu', 'none'), 'webgpu-missing', /Chrome/],
  [new NoWebGPUError('no adapter', 'none'), 'adapter-missing', /chrome:\/\/gpu/],
  [new WeightsError('weights-truncated', 'It ended.'), 'weights-truncated', /Reload/],
  [new WorldError('no Rapier'), 'world-failed', /Reload/],
  ['odd', 'internal', /Reload/],
])('%s', (error, code, remedy) => {
  const failure = failureOf(error);
  expect(failure.code).toBe(code);
  expect(failure.remedy).toMatch(remedy);
  expect(failure.sentence).not.toBe('');
});
