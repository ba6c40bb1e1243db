// The model in stock tfjs beside ours, on the cpu backend: what the benchmark's peers are must be the same model.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { createCpuBackend } from '../src/engine/device.ts';
import { interpolate } from '../src/kernels/interpolation/kernel.ts';
import { adaptedLinear } from '../src/kernels/linear/adapted.ts';
import { velocityErrors } from '../src/kernels/losses/kernel.ts';
import { normalKey } from '../src/kernels/random/kernel.ts';
import { PolicyState } from '../src/learning/policy-state.ts';
import { tinyModel } from '../src/learning/tiny-training.ts';
import { batchGradients, batchShapes } from '../src/learning/training-step.ts';
import { countOperations, withStockKernels } from './stock-kernels.ts';

beforeAll(() => createCpuBackend());

const random = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);

test.each(['generator', 'physical-head'] as const)('%s: a preference step has nothing of ours in stock tfjs', (stage) => {
  const model = tinyModel();
  const state = new PolicyState(model);
  const plan = { stage, objective: 'preference', draws: 1, sharedNoise: true } as const;
  const [latents, imageLatents, physical, timeFeatures, times] = batchShapes(state, plan, 1).map((shape, i) => random(shape, i));
  const inputs = {
    latents, imageLatents, physical, timeFeatures, times: tf.abs(times), noiseKey: tf.tensor1d(normalKey(1, 0), 'int32'),
    domains: tf.tensor1d([1, 1], 'int32'),
  };
  const step = () => batchGradients(state, plan, inputs, 1, tf.tensor1d([10]));
  const { policy, reference, gradients } = withStockKernels(step);
  expect([...policy.dataSync()]).toEqual([...reference.dataSync()]);
  expect([...policy.dataSync(), ...gradients.flatMap((gradient) => [...gradient.dataSync()])].every(Number.isFinite)).toBe(true);
  expect(withStockKernels(() => countOperations(step))).toBeGreaterThan(0);
});

test('clips that share noise: paths and errors as in our kernels', () => {
  const [data, noise, velocity] = [random([4, 3, 5], 1), random([2, 3, 5], 2), random([4, 3, 5], 3)];
  const times = tf.tensor1d([0, 0.25, 0.5, 1]);
  const both = () => [interpolate(data, noise, times), velocityErrors(velocity, data, noise)];
  const [ours, stock] = [both(), withStockKernels(both)].map((made) => made.map((part) => [...part.dataSync()]));
  stock.forEach((part, i) => part.forEach((value, k) => expect(value).toBeCloseTo(ours[i][k], 5)));
  // Unlike them: other noise.
  expect([...interpolate(data, random([2, 3, 5], 4), times).dataSync()]).not.toEqual(ours[0]);
});

test('the arithmetic of an adapted layer and its gradients', () => {
  const [rows, depth, rank, columns] = [6, 8, 2, 12];
  const layer = (x: tf.Tensor, a: tf.Tensor, b: tf.Tensor) =>
    adaptedLinear(x, random([depth, columns], 1), tf.zeros([columns]), a, b, 1);
  const inputs = [random([rows, depth], 2), random([depth, rank], 3), random([rank, columns], 4)];
  const products = depth * columns + depth * rank + rank * columns;
  expect(countOperations(() => layer(inputs[0], inputs[1], inputs[2]))).toBe(2 * rows * products);
  // Forward; both gradients to the input and to x A; both to the factors.
  expect(countOperations(() => tf.grads(layer)(inputs))).toBe(
    2 * rows * (2 * products + (depth + columns) * rank));
});
