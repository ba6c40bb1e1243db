// The adapted linear layer against the f64 oracle, every variant: forward and all gradients.

import { grad, ones, tensor, tensor1d, tensor2d, zeros } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import { assertNotClose, testValues, withBrokenConstants } from '../compare.ts';
import { assertAllClose, take, ulpOfLargest, withGradients } from '../suite.ts';
import { forceVariant, productVariants } from '../variants.ts';
import { adaptedLinear } from './adapted.ts';
import { linear } from './kernel.ts';
import { columnSums, linearForward, linearInputGradient, linearWeightGradient } from './oracle.ts';
import { adapterGradientsProgram, lowRankProgram, plain, productProgram } from './programs.ts';

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterEach(() => {
  forceVariant(null);
  expect(engine.errors).toEqual([]);
});
afterAll(() => engine.dispose());

// Odd; around a register tile (8) and a staged tile (32); the model's; twice its rank, and parts of tiles.
const shapes: [rows: number, depth: number, rank: number, columns: number][] = [
  [1, 1, 1, 1],
  [3, 7, 2, 5],
  [9, 12, 4, 36],
  [33, 64, 8, 96],
  [161, 256, 16, 768],
  [18, 80, 32, 144],
];

interface Values {
  x: Float32Array;
  weight: Float32Array;
  bias: Float32Array;
  a: Float32Array;
  b: Float32Array;
  dy: Float32Array;
}

function valuesOf([rows, depth, rank, columns]: (typeof shapes)[number]): Values {
  return {
    x: testValues(1, rows * depth), weight: testValues(2, depth * columns), bias: testValues(3, columns),
    a: testValues(4, depth * rank), b: testValues(5, rank * columns), dy: testValues(6, rows * columns),
  };
}

function oracle([rows, depth, rank, columns]: (typeof shapes)[number], values: Values, scale: number) {
  const { x, weight, bias, a, b, dy } = values;
  const outer = { rows, depth, columns };
  const lower = { rows, depth, columns: rank };
  const upper = { rows, depth: rank, columns };
  const down = linearForward(x, a, null, lower);
  const up = linearForward(down, b, null, upper);
  const inner = linearInputGradient(dy, b, upper).map((value) => scale * value);
  const second = linearInputGradient(inner, a, lower);
  return {
    y: linearForward(x, weight, bias, outer).map((value, i) => value + scale * up[i]),
    dx: linearInputGradient(dy, weight, outer).map((value, i) => value + second[i]),
    dWeight: linearWeightGradient(x, dy, outer),
    dBias: columnSums(dy, rows, columns),
    dA: linearWeightGradient(x, inner, lower),
    dB: linearWeightGradient(down, dy, upper).map((value) => scale * value),
  };
}

function tensorsOf([rows, depth, rank, columns]: (typeof shapes)[number], { x, weight, bias, a, b }: Values) {
  return [tensor2d(x, [rows, depth]), tensor2d(weight, [depth, columns]), tensor1d(bias),
    tensor2d(a, [depth, rank]), tensor2d(b, [rank, columns])] as const;
}

// The products are the linear layer's own, whose suite has every variant; here the other staged tiles add nothing.
describe.each(productVariants.filter((variant) => !variant.startsWith('staged-')))('%s', (variant) => {
  test.each(shapes)('x [%i, %i], rank %i, to %i columns', async (...shape) => {
    forceVariant(variant);
    const [rows, depth, rank, columns] = shape;
    // Every shape and scale is a pipeline to compile: a scale of 1 once.
    for (const scale of rank === 4 ? [1, 0.5] : [0.5]) {
      const values = valuesOf(shape);
      const expected = oracle(shape, values, scale);
      const actual = withGradients(
        (x, weight, bias, a, b) => adaptedLinear(x, weight, bias, a, b, scale),
        [...tensorsOf(shape, values)], tensor2d(values.dy, [rows, columns]),
      );
      // Two sums in a row: the error of the inner one is carried through the outer one.
      await assertAllClose(`scale ${scale} [${shape}]`, actual, [
        { name: 'y', values: expected.y, ulp: 2 * (depth + rank) + depth + 2 },
        { name: 'dX', values: expected.dx, ulp: 2 * (columns + rank) + columns + 2 },
        { name: 'dWeight', values: expected.dWeight, ulp: 2 * rows },
        { name: 'dBias', values: expected.dBias, ulp: 2 * rows },
        { name: 'dA', values: expected.dA, ulp: 2 * (rows + columns) + 2 },
        { name: 'dB', values: expected.dB, ulp: 2 * (rows + depth) + 2 },
      ]);
    }
  });

  test('an adapter whose second factor is zero leaves the base layer bit for bit', async () => {
    forceVariant(variant);
    const shape = shapes[2];
    const [x, weight, bias, a, b] = tensorsOf(shape, valuesOf(shape));
    const base = await take(linear(x, weight, bias));
    expect(await take(adaptedLinear(x, weight, bias, a, zeros(b.shape), 1))).toEqual(base);
    expect(await take(adaptedLinear(x, weight, bias, a, b, 1))).not.toEqual(base);
  });

  test.each([[3, 8, 4], [9, 16, 16]])('a NaN in one of 2 x %i rows stays there; depth %i, rank %i', async (rows, depth, rank) => {
    forceVariant(variant);
    const x = testValues(1, 2 * rows * depth);
    x[3 * depth + 2] = NaN;
    const weights = [ones([depth, 16]), zeros([16]), ones([depth, rank]), ones([rank, 16])] as const;
    const [weight, bias, a, b] = weights;
    const f = (input: Tensor) => adaptedLinear(input, weight, bias, a, b, 1);
    // What flows back is the values themselves: the gradient has the same rows spoiled.
    const dy = testValues(2, 2 * rows * 16);
    dy[3 * 16 + 5] = NaN;
    const [y, dx] = [f(tensor(x, [2, rows, depth])), grad(f)(ones([2, rows, depth]), tensor(dy, [2, rows, 16]))];
    expect([y.shape, dx.shape]).toEqual([[2, rows, 16], [2, rows, depth]]);
    for (const [values, columns] of [[await take(y), 16], [await take(dx), depth]] as const) {
      new Uint32Array(values.buffer, values.byteOffset, values.length).forEach((word, i) => {
        expect((word & 0x7fffffff) > 0x7f800000, `element ${i}`).toBe(Math.floor(i / columns) === 3);
      });
    }
  });

  test('a wrong constant is noticed', async () => {
    forceVariant(variant);
    const shape = shapes[3];
    const [rows, depth, , columns] = shape;
    const values = valuesOf(shape);
    const expected = oracle(shape, values, 1).y;
    const options = { ...plain, bias: true };
    const { shader } = productProgram(engine.device, 'forward', { rows, depth, columns }, options);
    await withBrokenConstants(shader.name, { GAIN: 1.001 }, async () => {
      const y = await take(adaptedLinear(...tensorsOf(shape, values), 1));
      assertNotClose('adapted', y, expected, ulpOfLargest(3 * depth, expected));
    });
  });
});

// Only the quad variant has kernels that join products.
test('a wrong constant in what is joined is noticed', async () => {
  const [rows, depth, rank, columns] = shapes[5];
  const values = valuesOf(shapes[5]);
  const expected = oracle(shapes[5], values, 0.5);
  const outer = { rows, depth, columns };
  const low = { rank, scale: 0.5 };
  const run = () => withGradients(
    (x, weight, bias, a, b) => adaptedLinear(x, weight, bias, a, b, 0.5),
    [...tensorsOf(shapes[5], values)], tensor2d(values.dy, [rows, columns]));
  forceVariant('quad');
  for (const [program, broken, index, wanted] of [
    [lowRankProgram(engine.device, 'forward', outer, low, { half: false, bias: true }), { SCALE: 0.51 }, 0, expected.y],
    [lowRankProgram(engine.device, 'input', outer, low, { half: false, bias: false }), { SCALE: 0.99 }, 1, expected.dx],
    [adapterGradientsProgram(engine.device, outer, rank, 0.5), { GAIN: 1.001 }, 4, expected.dA],
    [adapterGradientsProgram(engine.device, outer, rank, 0.5), { SCALE: 0.501 }, 5, expected.dB],
  ] as const) {
    await withBrokenConstants(program?.shader.name ?? 'none', broken, async () => {
      assertNotClose('joined', await take(run()[index]), wanted, ulpOfLargest(3 * (depth + columns), wanted));
    });
  }
});

test('shapes that do not fit are refused', () => {
  const [x, weight, bias] = [ones([2, 4]), ones([4, 5]), ones([5])];
  expect(() => adaptedLinear(x, weight, bias, ones([3, 2]), ones([2, 5]), 1)).toThrow(/do not fit/);
  expect(() => adaptedLinear(x, weight, bias, ones([4, 2]), ones([3, 5]), 1)).toThrow(/do not fit/);
  expect(() => adaptedLinear(x, weight, ones([4]), ones([4, 2]), ones([2, 5]), 1)).toThrow(/do not fit/);
});
