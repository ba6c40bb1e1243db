import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../engine/device.ts';
import type { EngineDevice } from '../engine/device.ts';
import { randomParameters, tinyConfig } from '../model/tiny-model.ts';
import { isFlat, soak } from './soak.ts';

let engine: EngineDevice;

beforeAll(async () => {
  engine = await createDevice();
});

afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

const file = { config: tinyConfig, parameters: randomParameters(tinyConfig, 1), description: {}, hash: '', bytes: 0 };

test('memory is flat over steps and over models that come and go', async () => {
  const report = await soak(engine.backend, file, { steps: 12, cycles: 3 });
  expect(report.steps.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  expect(report.cycles).toHaveLength(3);
  expect(report.steps[0].gpu.captures).toBeGreaterThan(0);
  expect(isFlat(report)).toBe(true);
  expect(report.cycles[2].tensors).toBe(tf.memory().numTensors);
});

test('a tensor that is left behind is noticed', async () => {
  const leaks: tf.Tensor[] = [];
  const report = await soak(engine.backend, file, { steps: 4, cycles: 2 }, () => {
    leaks.push(tf.ones([4]));
  });
  tf.dispose(leaks);
  expect(isFlat(report)).toBe(false);
});
