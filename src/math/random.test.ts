// Philox against the reference vectors of Random123, and the ranges of what is drawn from it.

import { describe, expect, test } from 'vitest';
import { keyFromSeed, philox, Random } from './random.ts';

const ones = 0xffffffff;

describe('philox', () => {
  test.each([
    { counter: [0, 0, 0, 0], key: [0, 0], words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
    {
      counter: [ones, ones, ones, ones], key: [ones, ones],
      words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], key: [0xa4093822, 0x299f31d0],
      words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ])('gives the reference words for $counter', ({ counter, key, words }) => {
    expect([...philox(counter, key)]).toEqual(words);
  });

  test('splits a seed into two words', () => {
    expect(keyFromSeed(5)).toEqual([5, 0]);
    expect(keyFromSeed(2 ** 40 + 3)).toEqual([3, 256]);
    expect(keyFromSeed((1n << 64n) - 1n)).toEqual([ones, ones]);
    expect(() => keyFromSeed(-1)).toThrow(RangeError);
    expect(() => keyFromSeed(0.5)).toThrow(RangeError);
    expect(() => keyFromSeed(1n << 64n)).toThrow(RangeError);
  });
});

describe('Random', () => {
  test('reads the blocks of its stream in order', () => {
    const random = new Random(9, 4);
    const words = Array.from({ length: 8 }, () => random.uint32());
    expect(words).toEqual([...philox([0, 4, 0, 0], [9, 0]), ...philox([1, 4, 0, 0], [9, 0])]);
  });

  test('stays in range and reaches both ends of whole numbers', () => {
    const random = new Random(1);
    const seen = new Set<number>();
    const values = Array.from({ length: 6000 }, () => {
      seen.add(random.integer(-1, 2));
      return random.uniform(-2, 3);
    });
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...values)).toBeLessThan(3);
    const sum = values.reduce((total, value) => total + value, 0);
    expect([...seen].toSorted((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
    expect(Math.abs(sum / 6000 - 0.5)).toBeLessThan(0.08);
    expect(() => random.integer(3, 2)).toThrow(RangeError);
    expect(() => random.pick([])).toThrow(RangeError);
  });

  test('shuffles without losing anything, and differs by stream', () => {
    const items = [1, 2, 3, 4, 5, 6, 7, 8];
    const shuffled = new Random(3).shuffle(items);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
    expect(shuffled).not.toEqual(new Random(3, 1).shuffle(items));
  });
});
