// Normal noise has the moments of a normal distribution; intervals cover what they should.

import { describe, expect, test } from 'vitest';
import { normalArray } from './normal.ts';
import { Random } from './random.ts';
import { binomialInterval, bootstrapInterval, mean, median, quantile } from './statistics.ts';

describe('normalArray', () => {
  test('has mean 0, variance 1, no skew and the right tails', () => {
    const values = normalArray(11, 2, 40_000);
    const moment = (power: number) => mean(values.map((value) => value ** power));
    expect(Math.abs(moment(1))).toBeLessThan(0.02);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.03);
    expect(Math.abs(moment(3))).toBeLessThan(0.06);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test('is a prefix of a longer request and differs by seed and stream', () => {
    expect(normalArray(5, 0, 7)).toEqual(normalArray(5, 0, 50).subarray(0, 7));
    expect(normalArray(5, 0, 8)).not.toEqual(normalArray(6, 0, 8));
    expect(normalArray(5, 0, 8)).not.toEqual(normalArray(5, 1, 8));
    expect(() => normalArray(5, 0, -1)).toThrow(RangeError);
  });
});

describe('statistics', () => {
  test('mean, median and quantiles', () => {
    expect(mean([1, 2, 6])).toBe(3);
    expect(median([5, 1, 3, 2])).toBe(2.5);
    expect(quantile([0, 10], 0.25)).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test('the bootstrap covers the true mean about as often as it says', () => {
    const random = new Random(8);
    let covered = 0;
    const trials = 200;
    for (let trial = 0; trial < trials; trial++) {
      const values = Array.from({ length: 40 }, () => random.uniform());
      const { low, high, n } = bootstrapInterval(values, { resamples: 300, seed: trial });
      expect(n).toBe(40);
      if (low <= 0.5 && high >= 0.5) covered++;
    }
    expect(covered / trials).toBeGreaterThan(0.88);
    expect(covered / trials).toBeLessThan(0.99);
  });

  test('the bootstrap is reproducible and says when there is nothing', () => {
    expect(bootstrapInterval([1, 2, 3, 4])).toEqual(bootstrapInterval([1, 2, 3, 4]));
    expect(bootstrapInterval([2])).toEqual({ mean: 2, low: 2, high: 2, n: 1 });
    expect(bootstrapInterval([])).toEqual({ mean: NaN, low: NaN, high: NaN, n: 0 });
  });

  test('Wilson intervals match the published example and stay within 0 .. 1', () => {
    const { low, high } = binomialInterval(8, 10);
    expect(low).toBeCloseTo(0.4902, 3);
    expect(high).toBeCloseTo(0.9433, 3);
    expect(binomialInterval(0, 5).low).toBeCloseTo(0, 12);
    expect(binomialInterval(5, 5).high).toBeCloseTo(1, 12);
    expect(binomialInterval(0, 0).mean).toBeNaN();
  });
});
