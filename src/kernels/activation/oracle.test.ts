import { expect, test } from 'vitest';
import { assertGradients, testValues } from '../compare.ts';
import { activationForward, activationGradient } from './oracle.ts';

test.each(['silu', 'gelu'] as const)('%s: the gradient agrees with central differences', (kind) => {
  const x = Float64Array.from(testValues(1, 101, 6));
  const dy = testValues(2, 101);
  const forward = ([values]: Float64Array[]): Float64Array => activationForward(kind, values);
  assertGradients(kind, forward, [x], dy, [activationGradient(kind, x, dy)]);
});

test('known values', () => {
  expect(activationForward('silu', [0, 1, -1, 50, -800])).toEqual(
    Float64Array.of(0, 1 / (1 + Math.exp(-1)), -1 / (1 + Math.E), 50, -0),
  );
  const [zero, one, minus] = activationForward('gelu', [0, 1, -1]);
  expect(zero).toBe(0);
  // The tanh form of arXiv:1606.08415.
  const tanh = Math.tanh(Math.sqrt(2 / Math.PI) * 1.044715);
  expect(one).toBeCloseTo(0.5 * (1 + tanh), 14);
  expect(minus).toBeCloseTo(-0.5 * (1 - tanh), 14);
});

test('slopes far out are 0 and 1, not NaN', () => {
  for (const kind of ['silu', 'gelu'] as const) {
    expect([...activationGradient(kind, [1e4, -1e4], [1, 1])]).toEqual([1, 0]);
  }
});
