// What families measure their laws with: fits to tracks whose frames may be missing (NaN). Heights in metres, one a
// frame. Diagnostics of whole motions are metrics/laws.ts.

import { slopeOf } from '../math/statistics.ts';
import { framesPerSecond } from './scene.ts';

/** How fast values grow, one a frame, by the least-squares line: a second. NaN values are left out. */
export function growthOf(values: ArrayLike<number>): number {
  return framesPerSecond * slopeOf(Array.from(values, (_, frame) => frame), values);
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

/** Acceleration of a motion from rest, s = a t^2 / 2, over all frames in which it is seen, m/s^2. */
export function accelerationThroughGaps(distances: ArrayLike<number>): number {
  const squares = Array.from(distances, (_, i) => (i / framesPerSecond) * (i / framesPerSecond));
  return 2 * slopeOf(squares, distances);
}

/**
 * Speed of a motion in the direction of growing x, over the first frames in which it lies between two
 * places and keeps its pace: a step clearly shorter than those before means that it met something.
 * @returns m/s; NaN with fewer than three frames
 */
export function steadySpeed(x: ArrayLike<number>, low: number, high: number): number {
  const first = Array.from(x).findIndex((at) => at > low);
  if (first < 0) return NaN;
  const start = Math.max(0, first - 1);
  let end = first;
  for (; end < x.length && x[end] < high; end++) {
    const pace = (x[end - 1] - x[start]) / (end - 1 - start);
    // Half a pixel of slack: a slow thing's steps are no larger than the jitter of its centre.
    if (end - 1 > start && x[end] - x[end - 1] < 0.9 * pace - 0.02) break;
  }
  return growthOf(Array.from(x).slice(first, end));
}

/** Downward acceleration of a fall from rest, from heights. */
export function fallOf(heights: Float64Array): number {
  return accelerationFromRest(heights.map((height) => heights[0] - height));
}

/**
 * How strong the cause of a motion from rest is, where q'' = factor * shape(q): the factor that fits best over
 * the leading frames in which q stays within a reach and goes on in one direction. Second integrals by the
 * trapezoidal rule.
 * @returns NaN with fewer than three frames
 */
export function drivingFactor(q: ArrayLike<number>, shape: (q: number) => number, reach: number): number {
  const step = 1 / framesPerSecond;
  const moved: number[] = [0];
  const integrals: number[] = [0];
  let rate = 0;
  for (let i = 1; i < q.length && Math.abs(q[i] - q[0]) <= reach; i++) {
    if (Math.abs(q[i] - q[0]) < Math.max(...moved.map(Math.abs)) - reach / 20) break;
    const [from, to] = [shape(q[i - 1]), shape(q[i])];
    // Of a shape that changes evenly within the frame.
    integrals.push(integrals[i - 1] + rate * step + ((2 * from + to) / 6) * step * step);
    rate += ((from + to) / 2) * step;
    moved.push(q[i] - q[0]);
  }
  return slopeOf(integrals, moved);
}
