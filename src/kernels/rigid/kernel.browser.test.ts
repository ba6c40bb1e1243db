// rigid on the GPU against its oracle.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import { armNegativeControl, assertClose, assertNotClose, testValues, withBrokenConstants } from '../compare.ts';
import { take } from '../suite.ts';
import { rigid } from './kernel.ts';
import { rigidForward } from './oracle.ts';

armNegativeControl('rigid/columns', { unit: 1.001 });

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

// The rounding errors of 225 terms, of places within 7 pixels and their offsets, add up like 15, and turns pass them on.
const tolerance = (largest: number) => ({ absolute: 2 ** -23 * 2 * 15 * (largest + 7) });

type Sizes = [batch: number, frames: number, height: number, width: number];

async function run([batch, frames, height, width]: Sizes, largest: number, still: number) {
  const size = batch * frames * height * width;
  const offsets = testValues(1, 2 * size, largest);
  const weight = testValues(2, size).map((value) => Math.max(value - still, 0));
  const y = rigid(tf.tensor(offsets, [batch, frames, height, width, 2]), tf.tensor(weight, [batch, frames, height, width]));
  return { y: await take(y), wanted: rigidForward(offsets, weight, { pictures: batch * frames, height, width }) };
}

test.each<[Sizes, number, number]>([
  [[1, 1, 1, 1], 3, -1],
  [[1, 2, 3, 5], 2, 0],
  [[2, 3, 17, 9], 10, 0.9],
  [[1, 25, 16, 16], 8, 0],
  [[1, 3, 64, 64], 60, 0.99],
  [[1, 2, 24, 40], 5, 1],
])('%s, offsets to %d, weights over %d', async (sizes, largest, still) => {
  const { y, wanted } = await run(sizes, largest, still);
  assertClose(`rigid [${sizes}]`, y, wanted, tolerance(largest));
});

test('NaN spoils what is near it, infinite weights all that they reach', async () => {
  const sizes: Sizes = [1, 1, 9, 18];
  const offsets = testValues(1, 2 * 9 * 18, 3);
  const weight = testValues(2, 9 * 18).map(Math.abs);
  offsets[0] = NaN;
  weight[17] = Infinity;
  const y = rigid(tf.tensor(offsets, [...sizes, 2]), tf.tensor(weight, sizes));
  const wanted = rigidForward(offsets, weight, { pictures: 1, height: 9, width: 18 });
  expect(wanted.filter(Number.isNaN).length).toBeGreaterThan(60);
  expect(wanted.filter(Number.isFinite).length).toBeGreaterThan(60);
  assertClose('rigid NaN', await take(y), wanted, tolerance(3));
});

test('refuses shapes that do not fit', () => {
  expect(() => rigid(tf.zeros([1, 5, 4, 4, 3]), tf.zeros([1, 5, 4, 4]))).toThrow(/offsets \[B, T, H, W, 2\]/);
  expect(() => rigid(tf.zeros([1, 5, 4, 4, 2]), tf.zeros([1, 5, 4, 3]))).toThrow(/weight \[B, T, H, W\]/);
});

test('negative control: turns off by a thousandth are noticed', async () => {
  await withBrokenConstants('rigid/columns', { unit: 1.001 }, async () => {
    const { y, wanted } = await run([1, 2, 16, 16], 4, 0);
    assertNotClose('rigid', y, wanted, tolerance(4));
  });
});
