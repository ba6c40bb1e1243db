// Paths of bodies: noise goes, contacts stay, and what is not known is not made up.

import { expect, test } from 'vitest';
import { Random } from '../math/random.ts';
import { smoothed } from './body-paths.ts';
import type { Placement } from './body-layers.ts';

const frames = 25;
const across = 4;
const down = 5;

function pathOf(placementAt: (t: number) => Placement): Placement[] {
  return Array.from({ length: frames }, (_, t) => placementAt(t));
}

function smoothedOf(path: readonly (Placement | null)[]): Placement[] {
  return path.map((placement, t) => smoothed(path, t) ?? placement!);
}

/** Root mean square difference of one number of a placement, over frames that have a parabola to each side. */
function differenceOf(path: readonly Placement[], truth: readonly Placement[], k: number): number {
  const squares = truth.slice(2, -2).map((placement, i) => (path[i + 2][k] - placement[k]) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

const falling = (t: number): Placement => [0.1 * t, 0.02, -0.01, 0.03, 20 + 2 * t, 10 + 0.15 * t * t];
/** Down and, from frame 12 on, up again. */
const bouncing = (t: number): Placement => [0, 0, 0, 0, 30, 60 - 4 * Math.abs(t - 12)];

test('a thrown body\'s path loses its noise', () => {
  const random = new Random(1);
  const truth = pathOf(falling);
  const noisy = truth.map((placement): Placement => {
    const [turn, a, b, c, x, y] = placement.map((value, k) => value + random.uniform(-1, 1) * (k < across ? 0.02 : 0.25));
    return [turn, a, b, c, x, y];
  });
  const smooth = smoothedOf(noisy);
  for (const k of [0, 1, 2, 3, across, down]) {
    expect(differenceOf(smooth, truth, k)).toBeLessThan(0.65 * differenceOf(noisy, truth, k));
  }
  // And a path without any is as it was.
  expect(differenceOf(smoothedOf(truth), truth, down)).toBeLessThan(1e-9);
});

test('a bounce stays one, and what goes on through it is smoothed all the same', () => {
  const random = new Random(2);
  const turns = Array.from({ length: frames }, () => random.uniform(-0.02, 0.02));
  const truth = pathOf(bouncing);
  const path = truth.map(([, a, b, c, x, y], t): Placement => [turns[t], a, b, c, x, y]);
  const smooth = smoothedOf(path);
  for (let t = 0; t < frames; t++) expect(smooth[t][down]).toBeCloseTo(truth[t][down], 9);
  expect(differenceOf(smooth, truth, 0)).toBeLessThan(0.65 * differenceOf(path, truth, 0));
  // Negative control: what is no more than noise is taken for a parabola.
  const gentle = path.map(([turn, a, b, c, x, y]): Placement => [turn, a, b, c, x, 60 + (y - 60) / 20]);
  expect(Math.abs(smoothedOf(gentle)[12][down] - 60)).toBeGreaterThan(0.05);
});

test('where a body is not known it is not put, and no parabola leads over there', () => {
  const path: (Placement | null)[] = pathOf(falling);
  path[10] = null;
  expect(smoothed(path, 10)).toBeNull();
  const off = path.map((placement, t): Placement | null =>
    (placement === null ? null : [placement[0], 0, 0, 0, placement[across], placement[down] + (t === 9 ? 0.3 : 0)]));
  // Frame 9 has too few known ones beside it.
  expect(smoothed(off, 9)).toEqual(off[9]);
  // Negative control: frame 7, whose neighbours are known up to 9, is drawn to it.
  expect(smoothed(off, 7)![down]).not.toBeCloseTo(off[7]![down], 3);
});
