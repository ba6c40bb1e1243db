// The linear oracle's gradients against central differences, and GELU against its definition by tanh.

import { expect, test } from 'vitest';
import { assertGradients, testValues } from '../compare.ts';
import {
  columnSums,
  geluSlope,
  geluValue,
  linearForward,
  linearInputGradient,
  linearWeightGradient,
} from './oracle.ts';

const wide = (seed: number, count: number): Float64Array => new Float64Array(testValues(seed, count, 2));

test.each([
  { rows: 1, depth: 1, columns: 1 },
  { rows: 3, depth: 5, columns: 2 },
  { rows: 2, depth: 4, columns: 7 },
])('gradients of x W + b at %o', (shape) => {
  const { rows, depth, columns } = shape;
  const x = wide(1, rows * depth);
  const weight = wide(2, depth * columns);
  const bias = wide(3, columns);
  const dy = wide(4, rows * columns);
  assertGradients(
    'linear',
    ([a, b, c]) => linearForward(a, b, c, shape),
    [x, weight, bias],
    dy,
    [
      linearInputGradient(dy, weight, shape),
      linearWeightGradient(x, dy, shape),
      columnSums(dy, rows, columns),
    ],
  );
});

test('without a bias nothing is added', () => {
  const shape = { rows: 1, depth: 2, columns: 2 };
  expect([...linearForward([1, 2], [1, 2, 3, 4], null, shape)]).toEqual([7, 10]);
});

test('GELU is its tanh form, and its slope the derivative', () => {
  const x = wide(5, 64).map((value) => value * 3);
  for (const value of x) {
    const u = Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3);
    expect(geluValue(value)).toBeCloseTo(0.5 * value * (1 + Math.tanh(u)), 12);
  }
  assertGradients('gelu', ([a]) => a.map(geluValue), [x], new Float64Array(64).fill(1), [x.map(geluSlope)]);
  expect(geluValue(-40)).toBeCloseTo(0, 12);
  expect(geluValue(40)).toBe(40);
});
