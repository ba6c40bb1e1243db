import { expect, test } from 'vitest';
import { normalArray } from '../../math/normal.ts';
import { normalValues, philoxWords } from './oracle.ts';

test('is the stream of the shared normal numbers', () => {
  const ours = normalValues([7, 0, 3], 1003);
  const shared = normalArray(7, 3, 1003);
  expect([...Float32Array.from(ours)]).toEqual([...shared]);
});

test('words depend on seed, stream and position only', () => {
  const words = philoxWords([1, 2, 3], 10);
  expect([...philoxWords([1, 2, 3], 7)]).toEqual([...words.subarray(0, 7)]);
  expect(philoxWords([1, 2, 4], 10)).not.toEqual(words);
  expect(philoxWords([2, 2, 3], 10)).not.toEqual(words);
});

test('known answer: counter 0 and key 0 of Philox 4x32-10 (Random123)', () => {
  expect([...philoxWords([0, 0, 0], 4)]).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
});

test('mean 0, variance 1', () => {
  const values = normalValues([5, 0, 0], 40_000);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.02);
  expect(Math.abs(variance - 1)).toBeLessThan(0.03);
});
