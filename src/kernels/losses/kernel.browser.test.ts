// The losses on the GPU against their oracles, forward and every gradient.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import {
  armNegativeControl,
  assertClose,
  assertNotClose,
  testValues,
  withBrokenConstants,
} from '../compare.ts';
import { preferenceLoss, velocityErrors } from './kernel.ts';
import { preferenceLossForward, velocityErrorsForward, velocityErrorsGradient } from './oracle.ts';

// Sums of squares: all terms of one sign.
const tolerance = { relative: 2e-6, absolute: 1e-7 };

armNegativeControl('losses/preference', { unit: 1.001 });

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

const read = async (tensor: tf.Tensor): Promise<Float32Array> => (await tensor.data()) as Float32Array;

async function errors(
  shape: number[], check: typeof assertClose, checkGradient = check, noises = shape[0],
): Promise<void> {
  const [clips, ...clip] = shape;
  const elements = clip.reduce((product, length) => product * length, 1);
  const [velocity, data] = [1, 2].map((seed) => testValues(seed, clips * elements));
  const noise = testValues(3, noises * elements);
  const dy = testValues(4, clips);
  const inputs = [velocity, data, noise].map((values) => tf.tensor(values, [values.length / elements, ...clip]));
  const actual = await read(velocityErrors(inputs[0], inputs[1], inputs[2]));
  const gradients = await Promise.all(tf.grads(velocityErrors)(inputs, tf.tensor1d(dy)).map(read));
  const wanted = velocityErrorsGradient(velocity, data, noise, dy, { clips, elements });
  check(`errors [${shape}]`, actual, velocityErrorsForward(velocity, data, noise, { clips, elements }), tolerance);
  checkGradient(`errors [${shape}] velocity`, gradients[0], wanted, tolerance);
  checkGradient(`errors [${shape}] data`, gradients[1], wanted.map((value) => -value), tolerance);
  const shared = new Float64Array(noise.length);
  wanted.forEach((value, i) => (shared[i % noise.length] += value));
  checkGradient(`errors [${shape}] noise`, gradients[2], shared, tolerance);
}

test.each([[[1, 1]], [[3, 7]], [[2, 64]], [[1, 1027]], [[2, 6, 8, 8, 8]], [[8, 3, 5, 4, 3]]])(
  'velocity errors [%s]', (shape) => errors(shape, assertClose));

test.each([[1, [2, 64]], [3, [6, 7]]])('clips that share %i of noise [%s]', (noises, shape) =>
  errors(shape, assertClose, assertClose, noises));

async function preference(pairs: number, scale: number, check: typeof assertClose): Promise<void> {
  const [policy, reference] = [1, 2].map((seed) => testValues(seed, 2 * pairs, scale));
  const f = (errorsOfPolicy: tf.Tensor, errorsOfReference: tf.Tensor) =>
    preferenceLoss(errorsOfPolicy, errorsOfReference, tf.tensor1d([3]));
  const inputs = [tf.tensor1d(policy), tf.tensor1d(reference)];
  const { value, grads } = tf.valueAndGrads(f)(inputs);
  const { loss, slopes } = preferenceLossForward(policy, reference, 3);
  check(`preference of ${pairs}`, await read(value), [loss], tolerance);
  // x is a difference of errors: what they round to is told by their size.
  const slopeTolerance = { relative: 4e-6 * Math.max(1, scale), absolute: 1e-6 };
  check(`preference of ${pairs} policy`, await read(grads[0]), slopes, slopeTolerance);
  check(`preference of ${pairs} reference`, await read(grads[1]), slopes.map((slope) => -slope), slopeTolerance);
}

test.each([1, 2, 4, 9])('preference loss of %i pairs', async (pairs) => {
  await preference(pairs, 1, assertClose);
  await preference(pairs, 20, assertClose);
});

test('equal errors give ln 2, far ones x or nothing', async () => {
  const lossOf = async (...policy: number[]) =>
    (await read(preferenceLoss(tf.tensor1d(policy), tf.zeros([2]), tf.tensor1d([10]))))[0];
  expect(Math.abs((await lossOf(0.3, 0.3)) - Math.LN2)).toBeLessThan(1e-7);
  expect(await lossOf(500, 0)).toBe(5000);
  expect(await lossOf(0, 500)).toBe(0);
});

test('a NaN spoils its clip, its pair\'s slopes and the loss, and no other', async () => {
  const velocity = testValues(1, 32);
  velocity[19] = NaN;
  const clips = await read(velocityErrors(tf.tensor2d(velocity, [2, 16]), tf.zeros([2, 16]), tf.zeros([2, 16])));
  expect([...clips].map(Number.isNaN)).toEqual([false, true]);
  const f = (errorsOfPolicy: tf.Tensor) => preferenceLoss(errorsOfPolicy, tf.zeros([4]), tf.tensor1d([3]));
  const { value, grad } = tf.valueAndGrad(f)(tf.tensor1d([0.1, NaN, 0.2, 0.3]));
  expect([...(await read(value))].map(Number.isNaN)).toEqual([true]);
  expect([...(await read(grad))].map(Number.isNaN)).toEqual([false, true, false, true]);
});

test('refuses tensors that do not fit', () => {
  const [two, four, one] = [tf.zeros([2]), tf.zeros([4]), tf.zeros([1])];
  expect(() => velocityErrors(tf.zeros([2, 3]), tf.zeros([2, 3]), tf.zeros([3, 2]))).toThrow(/do not fit/);
  expect(() => velocityErrors(four, four, tf.zeros([3]))).toThrow(/do not fit/);
  expect(() => preferenceLoss(two, four, one)).toThrow(/needs errors \[2P\]/);
  expect(() => preferenceLoss(tf.zeros([3]), tf.zeros([3]), one)).toThrow(/needs errors \[2P\]/);
  expect(() => preferenceLoss(two, two, two)).toThrow(/half of beta \[1\]/);
});

test('negative control: wrong factors are noticed', async () => {
  await withBrokenConstants('losses/velocity_errors', { unit: 1.001 }, () => errors([2, 64], assertNotClose, assertClose));
  await withBrokenConstants('losses/velocity_gradient', { unit: 1.001 }, () => errors([2, 64], assertClose, assertNotClose));
  await withBrokenConstants('losses/preference', { unit: 1.001 }, () => preference(3, 1, assertNotClose));
});
