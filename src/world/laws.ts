// What families measure their laws with: fits to tracks whose frames may be missing (NaN). Heights in metres, one a
// frame. Diagnostics of whole motions are metrics/laws.ts.

import { framesPerSecond } from './scene.ts';

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

/** Distance from the first position, along a straight path: metres, one a frame. */
export function distancesFromStart(x: Float64Array, y: Float64Array): Float64Array {
  return x.map((value, i) => Math.hypot(value - x[0], y[i] - y[0]));
}

/**
 * Acceleration of a motion from rest, s = a t^2 / 2, over its leading frames in which each step is at least as long
 * as the one before, give or take a tolerance in metres (a pixel is about 4 cm).
 * @returns m/s^2; NaN with fewer than three frames
 */
export function accelerationFromRest(distances: ArrayLike<number>, tolerance = 0.02): number {
  let length = 1;
  for (let before = 0; length < distances.length; length++) {
    const step = distances[length] - distances[length - 1];
    if (!(step >= before - tolerance)) break;
    before = Math.max(before, step);
  }
  const squares = Array.from({ length }, (_, i) => (i / framesPerSecond) * (i / framesPerSecond));
  return 2 * slopeOf(squares, Array.from({ length }, (_, i) => distances[i]));
}

/** Downward acceleration of a fall from rest, from heights. */
export function fallOf(heights: Float64Array): number {
  return accelerationFromRest(heights.map((height) => heights[0] - height));
}
