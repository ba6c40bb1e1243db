// Every variant of the linear layer against the f64 oracle: forward and all gradients.

import { ones, tensor, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import { armNegativeControl, assertNotClose, testValues, withBrokenConstants } from '../compare.ts';
import { assertAllClose, take, ulpOfLargest, withGradients } from '../suite.ts';
import { forceVariant, productVariants } from '../variants.ts';
import { linear } from './kernel.ts';
import {
  columnSums,
  geluSlope,
  geluValue,
  linearForward,
  linearInputGradient,
  linearWeightGradient,
} from './oracle.ts';
import type { LinearShape } from './oracle.ts';
import { plain, productProgram } from './programs.ts';

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
  console.log('adapter:', engine.adapterInfo.vendor, engine.adapterInfo.architecture);
  const shape = { rows: 33, depth: 64, columns: 96 };
  const { shader } = productProgram(engine.device, 'forward', shape, { ...plain, bias: true });
  armNegativeControl(shader.name, { GAIN: 1.001 });
});
afterEach(() => {
  forceVariant(null);
  expect(engine.errors).toEqual([]);
});
afterAll(() => engine.dispose());

// One; odd; below, at and above a register tile (8) and a staged tile (32); not multiples of 4; several of a quad's
// tiles (16 by 32) of the matrix and half of one; the model's.
const shapes: [rows: number, depth: number, columns: number][] = [
  [1, 1, 1],
  [1, 4, 4],
  [3, 7, 5],
  [7, 8, 12],
  [8, 16, 8],
  [19, 48, 80],
  [9, 12, 36],
  [31, 32, 32],
  [33, 64, 96],
  [65, 36, 68],
  [2, 128, 1536],
  [64, 192, 128],
  [161, 256, 16],
  [161, 16, 768],
  [322, 256, 640],
];

function oracle(
  shape: LinearShape,
  x: Float32Array,
  w: Float32Array,
  b: Float32Array | null,
  gelu: boolean,
  dy: Float32Array,
): Record<'y' | 'dx' | 'dw' | 'db', Float64Array | Float32Array> {
  const before = linearForward(x, w, b, shape);
  const inner = gelu ? before.map((value, i) => dy[i] * geluSlope(value)) : dy;
  return {
    y: gelu ? before.map(geluValue) : before,
    dx: linearInputGradient(inner, w, shape),
    dw: linearWeightGradient(x, inner, shape),
    db: columnSums(inner, shape.rows, shape.columns),
  };
}

describe.each(productVariants)('%s', (variant) => {
  // Other tiles, slow to compile, are of the staged one's program: one shape that is smaller than they, and those that
  // are larger both ways or the model's.
  const others = shapes.filter(([rows]) => rows > 64 || rows === 7);
  // With fewer rows, or other sums than sixteen at a time, quad is the register variant.
  const quads = shapes.filter(([rows, depth]) => rows >= 16 && depth % 16 === 0);
  const chosen = variant === 'quad' ? quads : variant.startsWith('staged-') ? others : shapes;
  test.each(chosen)('x [%i, %i] to %i columns', async (rows, depth, columns) => {
    forceVariant(variant);
    const shape = { rows, depth, columns };
    const x = testValues(1, rows * depth);
    const w = testValues(2, depth * columns);
    const b = testValues(3, columns);
    const dy = testValues(4, rows * columns);
    // A tile's edges do not depend on what follows the sum: all shapes but one, slow to compile, take GELU alone.
    for (const activation of columns === 36 ? ['none', 'gelu'] as const : ['gelu'] as const) {
      const gelu = activation === 'gelu';
      const expected = oracle(shape, x, w, b, gelu, dy);
      const actual = withGradients(
        (xs, ws, bs) => linear(xs, ws, bs, activation),
        [tensor2d(x, [rows, depth]), tensor2d(w, [depth, columns]), tensor1d(b)],
        tensor2d(dy, [rows, columns]),
      );
      // 2K for the sum, 1 for the bias, 18 for GELU or its slope.
      const extra = gelu ? 19 : 1;
      await assertAllClose(`${activation} [${rows},${depth},${columns}]`, actual, [
        { name: 'y', values: expected.y, ulp: 2 * depth + extra },
        { name: 'dX', values: expected.dx, ulp: 2 * columns + extra },
        { name: 'dW', values: expected.dw, ulp: 2 * rows + extra },
        { name: 'db', values: expected.db, ulp: 2 * rows + extra },
      ]);
    }
  });

  test('without a bias, with leading axes and large values', async () => {
    forceVariant(variant);
    const shape = { rows: 18, depth: 16, columns: 32 };
    const x = testValues(1, 288, 100);
    const w = testValues(2, 512, 10);
    const dy = testValues(3, 576);
    const expected = oracle(shape, x, w, null, true, dy);
    const y = linear(tensor(x, [2, 9, 16]), tensor(w, [16, 32]), null, 'gelu');
    expect(y.shape).toEqual([2, 9, 32]);
    const actual = withGradients(
      (xs, ws) => linear(xs, ws, undefined, 'gelu'),
      [tensor(x, [2, 9, 16]), tensor(w, [16, 32])],
      tensor(dy, [2, 9, 32]),
    );
    expect(actual[1].shape).toEqual([2, 9, 16]);
    await assertAllClose('large', actual, [
      { name: 'y', values: expected.y, ulp: 32 + 18 },
      { name: 'dX', values: expected.dx, ulp: 64 + 18 },
      { name: 'dW', values: expected.dw, ulp: 36 + 18 },
    ]);
  });

  test('a NaN in one row stays in that row', async () => {
    forceVariant(variant);
    const x = testValues(1, 17 * 32);
    x[3 * 32 + 2] = NaN;
    const y = await take(linear(tensor2d(x, [17, 32]), ones([32, 12])));
    const bits = new Uint32Array(y.buffer, y.byteOffset, y.length);
    bits.forEach((word, i) => {
      expect((word & 0x7fffffff) > 0x7f800000, `element ${i}`).toBe(Math.floor(i / 12) === 3);
    });
  });

  test('a wrong constant is noticed', async () => {
    forceVariant(variant);
    const shape = { rows: 33, depth: 64, columns: 96 };
    const x = testValues(1, shape.rows * shape.depth);
    const w = testValues(2, shape.depth * shape.columns);
    const expected = linearForward(x, w, null, shape);
    const { shader } = productProgram(engine.device, 'forward', shape);
    await withBrokenConstants(shader.name, { GAIN: 1.001 }, async () => {
      const y = await take(linear(tensor2d(x, [33, 64]), tensor2d(w, [64, 96])));
      assertNotClose('linear', y, expected, ulpOfLargest(2 * shape.depth, expected));
    });
  });
});

test('shapes that do not fit are refused', () => {
  expect(() => linear(ones([2, 3]), ones([4, 5]))).toThrow(/do not fit/);
  expect(() => linear(ones([2, 4]), ones([4, 5]), ones([4]))).toThrow(/do not fit/);
});
