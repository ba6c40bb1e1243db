// warp on the GPU against its oracle.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import { armNegativeControl, assertClose, assertNotClose, testValues, withBrokenConstants } from '../compare.ts';
import { take } from '../suite.ts';
import { warp } from './kernel.ts';
import { warpForward } from './oracle.ts';
import type { WarpShape } from './oracle.ts';

armNegativeControl('warp/forward', { unit: 1.001 });

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

// A place is rounded to half a unit in the last place of the picture's width, and pixels of [-1, 1] differ by up to 2.
const tolerance = ({ width, height }: WarpShape) => ({ absolute: 2 ** -23 * (2 * Math.max(width, height) + 8) });

async function run(shape: WarpShape, reach: number): Promise<{ y: Float32Array; wanted: Float64Array }> {
  const { batch, frames, height, width, channels } = shape;
  const image = testValues(1, batch * height * width * channels);
  const offsets = testValues(2, batch * frames * height * width * 2, reach);
  const y = warp(tf.tensor(image, [batch, height, width, channels]), tf.tensor(offsets, [batch, frames, height, width, 2]));
  return { y: await take(y), wanted: warpForward(image, offsets, shape) };
}

test.each<[number, number, number, number, number, number]>([
  [1, 1, 1, 1, 1, 3],
  [1, 2, 3, 5, 3, 2],
  [2, 3, 7, 4, 1, 10],
  [2, 25, 16, 16, 3, 8],
  [1, 5, 128, 128, 3, 100],
])('[%i, %i, %i, %i, %i], offsets to %i', async (batch, frames, height, width, channels, reach) => {
  const shape = { batch, frames, height, width, channels };
  const { y, wanted } = await run(shape, reach);
  assertClose(`warp [${Object.values(shape)}]`, y, wanted, tolerance(shape));
});

test('NaN and infinity', async () => {
  const image = tf.tensor([1, 2, 3, 4], [1, 2, 2, 1]);
  const offsets = tf.tensor([NaN, 0, Infinity, -Infinity, 0, NaN, -5, 5], [1, 1, 2, 2, 2]);
  assertClose('warp NaN', await take(warp(image, offsets)), [NaN, 2, NaN, 3], {});
});

test('refuses shapes that do not fit', () => {
  expect(() => warp(tf.zeros([2, 4, 4, 3]), tf.zeros([1, 5, 4, 4, 2]))).toThrow(/offsets \[B, T, H, W, 2\]/);
  expect(() => warp(tf.zeros([1, 4, 4, 3]), tf.zeros([1, 5, 4, 4, 3]))).toThrow(/offsets \[B, T, H, W, 2\]/);
});

test('negative control: offsets off by a thousandth are noticed', async () => {
  const shape = { batch: 1, frames: 2, height: 8, width: 8, channels: 3 };
  await withBrokenConstants('warp/forward', { unit: 1.001 }, async () => {
    const { y, wanted } = await run(shape, 4);
    assertNotClose('warp', y, wanted, tolerance(shape));
  });
});
