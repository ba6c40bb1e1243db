// Points on the paths from noise to data on the GPU against their oracle.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import { armNegativeControl, assertClose, assertNotClose, testValues, withBrokenConstants } from '../compare.ts';
import { interpolate } from './kernel.ts';
import { interpolateForward } from './oracle.ts';

// A difference, a product and a sum of terms that may cancel.
const tolerance = { relative: 1e-6, absolute: 5e-7 };

armNegativeControl('interpolation/forward', { unit: 1.001 });

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

const read = async (tensor: tf.Tensor): Promise<Float32Array> => (await tensor.data()) as Float32Array;

async function paths(clips: number, noises: number, clip: number[], check: typeof assertClose): Promise<void> {
  const elements = clip.reduce((product, length) => product * length, 1);
  const [data, noise] = [testValues(1, clips * elements), testValues(2, noises * elements)];
  const times = testValues(3, clips).map(Math.abs);
  const z = interpolate(tf.tensor(data, [clips, ...clip]), tf.tensor(noise, [noises, ...clip]), tf.tensor1d(times));
  check(`${clips} of ${noises} [${clip}]`, await read(z), interpolateForward(data, noise, times), tolerance);
}

test.each<[number, number, number[]]>([
  [1, 1, [1]], [3, 3, [7]], [2, 1, [64]], [4, 2, [5]], [2, 2, [6, 8, 8, 8]], [8, 4, [3, 5, 4, 3]],
])('%i clips, %i of noise, [%s]', (clips, noises, clip) => paths(clips, noises, clip, assertClose));

test('a NaN stays in its place: of data in one clip, of noise in all that begin there', async () => {
  const spoiled = async (data: number[], noise: number[]) =>
    [...await read(interpolate(tf.tensor(data, [2, 4]), tf.tensor(noise, [1, 4]), tf.tensor1d([0.5, 0.5])))]
      .flatMap((value, i) => (Number.isNaN(value) ? [i] : []));
  expect(await spoiled([0, 0, 0, 0, 0, NaN, 0, 0], [0, 0, 0, 0])).toEqual([5]);
  expect(await spoiled([0, 0, 0, 0, 0, 0, 0, 0], [0, 0, NaN, 0])).toEqual([2, 6]);
});

test('refuses tensors that do not fit', () => {
  const [two, four] = [tf.zeros([2, 3]), tf.zeros([4, 3])];
  expect(() => interpolate(two, four, tf.zeros([2]))).toThrow(/do not fit/);
  expect(() => interpolate(four, tf.zeros([3, 3]), tf.zeros([4]))).toThrow(/do not fit/);
  expect(() => interpolate(four, two, tf.zeros([2]))).toThrow(/do not fit/);
  expect(() => interpolate(four, tf.zeros([2, 4]), tf.zeros([4]))).toThrow(/do not fit/);
});

test('negative control: a wrong factor is noticed', () =>
  withBrokenConstants('interpolation/forward', { unit: 1.001 }, () => paths(2, 1, [64], assertNotClose)));
