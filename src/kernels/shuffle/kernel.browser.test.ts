// spaceToDepth and depthToSpace on the GPU against their oracles: copies, so equal bit for bit.

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
import { depthToSpace, spaceToDepth } from './kernel.ts';
import * as oracle from './oracle.ts';
import type { Factor, VideoShape } from './oracle.ts';

armNegativeControl('shuffle/space_to_depth', { shift: 1 });

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

const cases: [VideoShape, Factor][] = [
  [[1, 1, 1, 1, 1], [1, 1, 1]],
  [[2, 3, 4, 6, 3], [1, 2, 2]],
  [[2, 25, 8, 8, 3], [1, 2, 2]],
  [[2, 7, 4, 4, 8], [2, 2, 2]],
  [[1, 13, 6, 4, 5], [2, 2, 2]],
  [[1, 7, 3, 3, 4], [3, 3, 1]],
  [[2, 6, 8, 8, 32], [1, 2, 2]],
];

const size = (shape: VideoShape): number => shape.reduce((product, length) => product * length, 1);

async function bothWays(shape: VideoShape, factor: Factor): Promise<Float32Array[]> {
  const depthShape = oracle.foldedShape(shape, factor);
  const x = tf.tensor(testValues(1, size(shape)), [...shape]);
  const d = tf.tensor(testValues(2, size(depthShape)), [...depthShape]);
  const fold = (video: tf.Tensor): tf.Tensor => spaceToDepth(video, factor);
  const unfold = (video: tf.Tensor): tf.Tensor => depthToSpace(video, factor);
  const results = [fold(x), unfold(d), tf.grad(fold)(x, d), tf.grad(unfold)(d, x)];
  return Promise.all(results.map(async (result) => (await result.data()) as Float32Array));
}

test.each(cases)('[%s] by [%s]', async (shape, factor) => {
  const depthShape = oracle.foldedShape(shape, factor);
  const [folded, unfolded, foldGradient, unfoldGradient] = await bothWays(shape, factor);
  const wantedFolded = oracle.spaceToDepth(testValues(1, size(shape)), shape, factor);
  const wantedUnfolded = oracle.depthToSpace(testValues(2, size(depthShape)), depthShape, factor);
  assertClose('spaceToDepth', folded, wantedFolded, {});
  assertClose('depthToSpace', unfolded, wantedUnfolded, {});
  // Each is the gradient of the other.
  assertClose('spaceToDepth gradient', foldGradient, wantedUnfolded, {});
  assertClose('depthToSpace gradient', unfoldGradient, wantedFolded, {});
});

test('refuses shapes that do not divide', () => {
  expect(() => spaceToDepth(tf.zeros([1, 1, 3, 4, 1]), [1, 2, 2])).toThrow(/cannot be folded/);
  expect(() => depthToSpace(tf.zeros([1, 1, 3, 4, 3]), [1, 2, 2])).toThrow(/cannot be unfolded/);
  expect(() => spaceToDepth(tf.zeros([3, 4]), [1, 2, 2])).toThrow(/\[B, T, H, W, C\]/);
});

test('negative control: a column off by one is noticed', async () => {
  const shape: VideoShape = [2, 7, 4, 4, 8];
  const wanted = oracle.spaceToDepth(testValues(1, size(shape)), shape, [2, 2, 2]);
  await withBrokenConstants('shuffle/space_to_depth', { shift: 1 }, async () => {
    const [folded] = await bothWays(shape, [2, 2, 2]);
    assertNotClose('spaceToDepth', folded, wanted, {});
  });
  await withBrokenConstants('shuffle/depth_to_space', { shift: 1 }, async () => {
    const [, , foldGradient] = await bothWays(shape, [2, 2, 2]);
    const depthShape = oracle.foldedShape(shape, [2, 2, 2]);
    const unfolded = oracle.depthToSpace(testValues(2, size(depthShape)), depthShape, [2, 2, 2]);
    assertNotClose('depthToSpace', foldGradient, unfolded, {});
  });
});
