// Physical laws as diagnostics of a motion, real or generated. Heights are in metres, times in seconds.

import { slopeOf } from '../math/statistics.ts';

/**
 * How many leading samples belong to one fall: each drop at least as large as the one before, give or take a
 * tolerance in metres. A fall from rest speeds up until it meets something.
 */
export function fallLength(heights: ArrayLike<number>, tolerance = 0.01): number {
  let before = 0;
  for (let i = 1; i < heights.length; i++) {
    const drop = heights[i - 1] - heights[i];
    if (!(drop >= before - tolerance)) return i;
    before = drop;
  }
  return heights.length;
}

/**
 * Gravity from a fall from rest: h(t) = h0 - g t^2 / 2 fitted to h0 and g.
 * @returns g in m/s^2, NaN with fewer than three samples
 */
export function fitGravity(times: ArrayLike<number>, heights: ArrayLike<number>): number {
  const n = Math.min(times.length, heights.length);
  if (n < 3) return NaN;
  const squares = Array.from({ length: n }, (_, i) => times[i] * times[i]);
  return -2 * slopeOf(squares, Array.from({ length: n }, (_, i) => heights[i]));
}

/**
 * The scale-free law of falls from rest, t1^2 / t2^2 = h1 / h2: the ratio of both sides, 1 when it holds.
 * @param fall1 seconds and metres of one fall
 */
export function fallRatio(fall1: [number, number], fall2: [number, number]): number {
  return ((fall1[0] * fall1[0]) / (fall2[0] * fall2[0])) / (fall1[1] / fall2[1]);
}

/**
 * The largest rise of energy above its lowest value so far, as a fraction of the energy at the start. Nothing
 * drives these scenes, so it stays at the solver's error.
 */
export function largestEnergyRise(energy: ArrayLike<number>): number {
  let lowest = energy[0];
  let rise = 0;
  for (let i = 1; i < energy.length; i++) {
    rise = Math.max(rise, energy[i] - lowest);
    lowest = Math.min(lowest, energy[i]);
  }
  return rise / energy[0];
}
