// Normal noise on the GPU against its oracle: integers bit for bit, normals to rounding.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import { armNegativeControl, assertClose, assertNotClose, withBrokenConstants } from '../compare.ts';
import { normal, normalKey, normalKeyTensor, philoxTensor } from './kernel.ts';
import { normalValues, philoxWords } from './oracle.ts';

const tolerance = { relative: 1e-6, absolute: 1e-9 };

armNegativeControl('random/normal', { unit: 1.0001 });

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

const keys: [number | bigint, number][] = [
  [0, 0],
  [1, 0],
  [0xffff_ffff, 5],
  [(1n << 63n) + 12_345n, 0xffff_ffff],
];

test.each(keys)('seed %s, stream %i: words are equal bit for bit', async (seed, stream) => {
  const key = normalKeyTensor(seed, stream);
  for (const count of [1, 3, 255, 256, 257, 5000]) {
    const words = await philoxTensor(count, key).data();
    expect([...words].map((word) => word >>> 0)).toEqual([...philoxWords(normalKey(seed, stream), count)]);
  }
});

test.each(keys)('seed %s, stream %i: normals', async (seed, stream) => {
  const key = normalKeyTensor(seed, stream);
  for (const count of [1, 2, 3, 255, 256, 257, 100_000]) {
    const values = (await normal([count], key).data()) as Float32Array;
    assertClose(`normal [${count}]`, values, normalValues(normalKey(seed, stream), count), tolerance);
  }
});

test('a shape is filled along its last axis first', async () => {
  const key = normalKeyTensor(3, 1);
  const y = normal([2, 3, 5], key);
  expect(y.shape).toEqual([2, 3, 5]);
  const values = (await y.data()) as Float32Array;
  assertClose('normal [2, 3, 5]', values, normalValues(normalKey(3, 1), 30), tolerance);
});

test('refuses a key that is none', () => {
  expect(() => normal([4], tf.tensor1d([1, 2, 3]))).toThrow(/int32 key/);
  expect(() => normal([4], tf.tensor1d([1, 2], 'int32'))).toThrow(/int32 key/);
});

test('negative control: a wrong constant is noticed', async () => {
  const key = normalKeyTensor(1, 0);
  const wanted = normalValues(normalKey(1, 0), 64);
  const broken: Record<string, number>[] = [{ weyl: 0x9e3779b8 }, { unit: 1.00001 }];
  for (const constants of broken) {
    await withBrokenConstants('random/normal', constants, async () => {
      assertNotClose('normal', (await normal([64], key).data()) as Float32Array, wanted, tolerance);
    });
  }
});
