// Products with matrices of halves, in every variant, against the f64 oracle and the same product of f32.

import { ones, tensor1d, tensor2d, zeros } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import { floatsFromHalves, halvesFromFloats } from '../../model/half.ts';
import { assertNotClose, testValues } from '../compare.ts';
import { assertAllClose, take, ulpOfLargest, withGradients } from '../suite.ts';
import { forceVariant, productVariants } from '../variants.ts';
import { adaptedLinear } from './adapted.ts';
import { halvesTensor, matrixShape, prefersHalves } from './halves.ts';
import { linear } from './kernel.ts';
import { linearForward, linearInputGradient } from './oracle.ts';

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterEach(() => {
  forceVariant(null);
  expect(engine.errors).toEqual([]);
});
afterAll(() => engine.dispose());

// Below, at and above a register tile (8) and a staged tile (32); the model's.
const shapes: [rows: number, depth: number, columns: number][] = [
  [1, 4, 4],
  [7, 8, 12],
  [33, 64, 96],
  [161, 256, 128],
];

/** Halves with every kind of number among them: zeros of both signs, the largest, the smallest that is normal. */
function halvesOf(seed: number, count: number): Uint16Array {
  const halves = halvesFromFloats(testValues(seed, count));
  halves.set([0x0000, 0x8000, 0x7bff, 0x0400].slice(0, count));
  return halves;
}

describe.each(productVariants)('%s', (variant) => {
  const chosen = variant.startsWith('staged-') ? shapes.filter(([rows]) => rows === 33) : shapes;
  test.each(chosen)('x [%i, %i] to %i columns', async (rows, depth, columns) => {
    forceVariant(variant);
    const shape = { rows, depth, columns };
    const [x, b, dy] = [testValues(1, rows * depth), testValues(3, columns), testValues(4, rows * columns)];
    const halves = halvesOf(2, depth * columns);
    const values = floatsFromHalves(halves);
    const matrix = halvesTensor(halves, depth, columns);
    expect(matrixShape(matrix)).toEqual([depth, columns]);
    const [bias, xs] = [tensor1d(b), tensor2d(x, [rows, depth])];
    const product = (of: typeof matrix) => withGradients((left) => linear(left, of, bias), [xs], tensor2d(dy, [rows, columns]));
    await assertAllClose(`[${rows},${depth},${columns}]`, product(matrix), [
      { name: 'y', values: linearForward(x, values, b, shape), ulp: 2 * depth + 1 },
      { name: 'dX', values: linearInputGradient(dy, values, shape), ulp: 2 * columns + 1 },
    ]);
    if (rows !== 33) return;
    // What is unpacked is what was packed, so that nothing differs from the same product of f32.
    const [actual, expected] = [product(matrix), product(tensor2d(values, [depth, columns]))];
    for (const i of [0, 1]) expect(await take(actual[i])).toEqual(await take(expected[i]));
  });

  test('one half that differs is noticed, and a NaN among them stays in its column', async () => {
    forceVariant(variant);
    const [rows, depth, columns] = [17, 16, 12];
    const halves = halvesFromFloats(testValues(2, depth * columns));
    const x = testValues(1, rows * depth);
    const expected = linearForward(x, floatsFromHalves(halves), null, { rows, depth, columns });
    halves[5 * columns + 3] ^= 0x0200;
    const y = await take(linear(tensor2d(x, [rows, depth]), halvesTensor(halves, depth, columns)));
    assertNotClose('halves', y, expected, ulpOfLargest(2 * depth, expected));
    halves[5 * columns + 3] = 0x7e00;
    const spoiled = await take(linear(ones([rows, depth]), halvesTensor(halves, depth, columns)));
    new Uint32Array(spoiled.buffer, spoiled.byteOffset, spoiled.length).forEach((word, i) => {
      expect((word & 0x7fffffff) > 0x7f800000, `element ${i}`).toBe(i % columns === 3);
    });
  });
});

// The products are the linear layer's own; here the other staged tiles add nothing.
describe.each(productVariants.filter((variant) => !variant.startsWith('staged-')))('%s', (variant) => {
  test('an adapter over a matrix of halves, with its gradients', async () => {
    forceVariant(variant);
    const [rows, depth, rank, columns] = [17, 16, 4, 36];
    const halves = halvesOf(2, depth * columns);
    const inputs = [[1, rows, depth], [3, 1, columns], [4, depth, rank], [5, rank, columns], [6, rows, columns]]
      .map(([seed, height, width]) => tensor2d(testValues(seed, height * width), [height, width]));
    const [x, bias, a, b, dy] = inputs;
    const adapted = (matrix: Tensor) => withGradients(
      (xs, as, bs) => adaptedLinear(xs, matrix, bias, as, bs, 0.5), [x, a, b], dy);
    const actual = adapted(halvesTensor(halves, depth, columns));
    const expected = adapted(tensor2d(floatsFromHalves(halves), [depth, columns]));
    for (let i = 0; i < 4; i++) expect(await take(actual[i])).toEqual(await take(expected[i]));
  });
});

test('a matrix that is not of whole fours is refused, and so is one that does not fit', () => {
  expect(() => halvesTensor(new Uint16Array(24), 4, 6)).toThrow(/no matrix \[4, 6\] of whole fours/);
  expect(() => halvesTensor(new Uint16Array(12), 4, 4)).toThrow(/12 halves/);
  expect(() => linear(ones([2, 8]), halvesTensor(new Uint16Array(16), 4, 4))).toThrow(/do not fit/);
  expect(() => linear(ones([2, 4]), halvesTensor(new Uint16Array(16), 4, 4), zeros([2]))).toThrow(/do not fit/);
});

test('halves are for matrices of GPUs', () => {
  expect([prefersHalves([4, 6]), prefersHalves([4, 4, 4])]).toEqual([false, false]);
  expect(prefersHalves([4, 8])).toBe(!engine.adapterInfo.software);
});
