// The comparison itself: it finds the worst element, treats NaN by bits, and can fail.

import { expect, test } from 'vitest';
import {
  assertClose,
  assertGradients,
  assertNotClose,
  isNaNBits,
  unitInLastPlace,
  worstError,
} from './compare.ts';

test('finds the worst element in units of its tolerance', () => {
  const worst = worstError(Float32Array.of(1, 100.5, 3.2), [1, 100, 3], { relative: 0.01 });
  expect(worst.index).toBe(2);
  expect(worst.error).toBeCloseTo(0.2, 5);
  expect(() => assertClose('x', Float32Array.of(1, 2), [1, 2.1], { absolute: 0.05 })).toThrow(/index 1/);
  assertNotClose('x', Float32Array.of(1, 2), [1, 2.1], { absolute: 0.05 });
  expect(() => assertNotClose('x', Float32Array.of(1), [1], { ulp: 1 })).toThrow(/unnoticed/);
  expect(() => worstError(Float32Array.of(1), [1, 2], {})).toThrow(/Compared 1 values with 2/);
});

test('NaN and infinity match only themselves', () => {
  expect(worstError(Float32Array.of(NaN, Infinity), [NaN, Infinity], {}).ratio).toBe(0);
  expect(worstError(Float32Array.of(1), [NaN], { absolute: 10 }).ratio).toBe(Infinity);
  expect(worstError(Float32Array.of(NaN), [1], { absolute: 10 }).ratio).toBe(Infinity);
  expect(worstError(Float32Array.of(3e38), [Infinity], { relative: 1 }).ratio).toBe(Infinity);
  expect(isNaNBits(0x7fc00000)).toBe(true);
  expect(isNaNBits(0x7f800000)).toBe(false);
  expect(isNaNBits(0xffc00001 | 0)).toBe(true);
});

test('units in the last place are those of f32', () => {
  expect(unitInLastPlace(1)).toBe(2 ** -23);
  expect(unitInLastPlace(-5)).toBe(2 ** -21);
  expect(unitInLastPlace(0)).toBe(2 ** -149);
});

test('central differences accept a right gradient and refuse a wrong one', () => {
  const x = Float64Array.of(0.3, -2, 5);
  const weights = [1, 2, -1];
  const forward = ([values]: Float64Array[]): Float64Array => values.map((value) => Math.sin(value) * value);
  const right = Array.from(x, (value, i) => weights[i] * (Math.cos(value) * value + Math.sin(value)));
  assertGradients('sine', forward, [x], weights, [right]);
  const wrong = right.map((value) => value * (1 + 1e-5));
  expect(() => assertGradients('sine', forward, [x], weights, [wrong])).toThrow(/central difference/);
});
