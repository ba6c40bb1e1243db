// The attention oracle: gradients against central differences, and what softmax must obey.

import { expect, test } from 'vitest';
import { assertGradients, testValues } from '../compare.ts';
import { attentionForward, attentionGradients } from './oracle.ts';
import type { AttentionShape } from './oracle.ts';

const wide = (seed: number, count: number): Float64Array => new Float64Array(testValues(seed, count, 1.5));

test.each<AttentionShape>([
  { batch: 1, queries: 1, keys: 1, heads: 1, width: 4, scale: 0.5 },
  { batch: 2, queries: 3, keys: 5, heads: 2, width: 4, scale: 0.5 },
  { batch: 1, queries: 4, keys: 2, heads: 3, width: 3, scale: 1 / Math.sqrt(3) },
])('gradients at %o', (shape) => {
  const { batch, queries, keys, heads, width } = shape;
  const q = wide(1, batch * queries * heads * width);
  const k = wide(2, batch * keys * heads * width);
  const v = wide(3, batch * keys * heads * width);
  const dy = wide(4, q.length);
  const gradients = attentionGradients(q, k, v, attentionForward(q, k, v, shape), dy, shape);
  assertGradients('attention', ([a, b, c]) => attentionForward(a, b, c, shape).output, [q, k, v], dy, [
    gradients.query,
    gradients.key,
    gradients.value,
  ]);
});

test('equal scores average the values; large scores pick one; log-sum-exp is exact', () => {
  const shape = { batch: 1, queries: 1, keys: 2, heads: 1, width: 2, scale: 1 };
  const equal = attentionForward([0, 0], [1, 2, 3, 4], [1, 2, 3, 6], shape);
  expect([...equal.output]).toEqual([2, 4]);
  expect(equal.logSumExp[0]).toBeCloseTo(Math.log(2), 14);
  const large = attentionForward([1000, 0], [1, 0, 2, 0], [1, 2, 3, 6], shape);
  expect([...large.output]).toEqual([3, 6]);
  expect(large.logSumExp[0]).toBe(2000);
});
