// The rotary oracle: gradients against central differences, and what a rotation must keep.

import { expect, test } from 'vitest';
import { assertGradients, testValues } from '../compare.ts';
import { rotaryForward, rotaryGradients } from './oracle.ts';

const wide = (seed: number, count: number): Float64Array => new Float64Array(testValues(seed, count, 1.5));

test.each([
  { batch: 1, length: 1, heads: 1, width: 2 },
  { batch: 2, length: 3, heads: 2, width: 4 },
])('gradients at %o', (shape) => {
  const { batch, length, heads, width } = shape;
  const size = batch * length * heads * width;
  const qkv = wide(1, 3 * size);
  const angles = wide(2, (length * width) / 2);
  const cos = angles.map(Math.cos);
  const sin = angles.map(Math.sin);
  const scales = [wide(3, width), wide(4, width)];
  const dy = wide(5, 3 * size);
  const [query, key, value] = [0, 1, 2].map((part) => dy.subarray(part * size, (part + 1) * size));
  const gradients = rotaryGradients(
    qkv,
    { queryScale: scales[0], keyScale: scales[1], cos, sin },
    { query, key, value },
    shape,
  );
  assertGradients(
    'rotary',
    ([x, queryScale, keyScale]) => {
      const result = rotaryForward(x, { queryScale, keyScale, cos, sin }, shape);
      return Float64Array.of(...result.query, ...result.key, ...result.value);
    },
    [qkv, ...scales],
    dy,
    [gradients.qkv, gradients.queryScale, gradients.keyScale],
  );
});

test('a rotation keeps lengths, and turns pairs (j, j + D / 2)', () => {
  const shape = { batch: 1, length: 1, heads: 1, width: 4 };
  const ones = [1, 1, 1, 1];
  const qkv = [3, 0, 0, 0, 0, 1, 0, 0, 5, 6, 7, 8];
  const quarter = { queryScale: ones, keyScale: ones, cos: [0, 1], sin: [1, 0] };
  const { query, key, value } = rotaryForward(qkv, quarter, shape);
  expect(query[0]).toBeCloseTo(0, 12);
  expect(query[2]).toBeCloseTo(2, 5);
  expect(key[1]).toBeCloseTo(2, 5);
  expect([...value]).toEqual([5, 6, 7, 8]);
});
