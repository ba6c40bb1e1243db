// Means and intervals for reports. Every figure of this project comes with n and a 95 % interval.

import { Random } from './random.ts';

export interface Interval {
  mean: number;
  low: number;
  high: number;
  n: number;
}

/** The arithmetic mean; NaN for an empty list. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Least-squares slope of y over x, over the pairs without NaN; NaN with fewer than three. */
export function slopeOf(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const known = Array.from({ length: Math.min(x.length, y.length) }, (_, i) => [x[i], y[i]])
    .filter(([a, b]) => !Number.isNaN(a) && !Number.isNaN(b));
  if (known.length < 3) return NaN;
  const meanX = known.reduce((sum, [a]) => sum + a, 0) / known.length;
  const meanY = known.reduce((sum, [, b]) => sum + b, 0) / known.length;
  const cross = known.reduce((sum, [a, b]) => sum + (a - meanX) * (b - meanY), 0);
  return cross / known.reduce((sum, [a]) => sum + (a - meanX) * (a - meanX), 0);
}

/** The value at a fraction (0 .. 1) of a sorted list, linear between neighbours; NaN for an empty list. */
export function quantile(sorted: ArrayLike<number>, fraction: number): number {
  if (sorted.length === 0) return NaN;
  const place = fraction * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
}

/** The median; NaN for an empty list. */
export function median(values: ArrayLike<number>): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/**
 * The mean with its bootstrap percentile interval, resampling whole values (clips) with replacement.
 * @param options.seed makes the interval reproducible
 * @returns low and high are NaN for an empty list, and equal the mean for a single value
 */
export function bootstrapInterval(
  values: ArrayLike<number>, options: { resamples?: number; seed?: number; level?: number } = {},
): Interval {
  const { resamples = 2000, seed = 0, level = 0.95 } = options;
  const n = values.length;
  if (n === 0) return { mean: NaN, low: NaN, high: NaN, n };
  const random = new Random(seed, 0x626f6f74);
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[Math.floor(random.uniform() * n)];
    means[r] = sum / n;
  }
  means.sort();
  const tail = (1 - level) / 2;
  return { mean: mean(values), low: quantile(means, tail), high: quantile(means, 1 - tail), n };
}

/**
 * A proportion with its Wilson score interval at 95 %.
 * @param successes out of n; n = 0 gives mean NaN and the interval 0 .. 1
 */
export function binomialInterval(successes: number, n: number): Interval {
  if (n === 0) return { mean: NaN, low: 0, high: 1, n };
  const z = 1.959964;
  const p = successes / n;
  const denominator = 1 + (z * z) / n;
  const centre = (p + (z * z) / (2 * n)) / denominator;
  const half = (z / denominator) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { mean: p, low: Math.max(0, centre - half), high: Math.min(1, centre + half), n };
}
