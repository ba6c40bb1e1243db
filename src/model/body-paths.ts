/**
 * Paths of bodies through a clip without the noise of their registration, which finds every frame's placement by itself.
 *
 * Between contacts a body's path is a parabola, or near to one over a few frames. Of its place, turn and stretch each is
 * taken from the parabola (least squares) through the most frames around one to which it fits: Savitzky and Golay (Smoothing
 * and differentiation of data by simplified least squares procedures, 1964), with a width that ends where something happens.
 */
import type { Placement } from './body-layers.ts';

/** Frames to each side of one that a parabola goes through, the most first; with one it would go through any three. */
const sides = [6, 5, 4, 3, 2] as const;
/** How far from the parabola a number of a placement may be in any of these frames: radians, shares, pixels. */
const tolerances = [0.06, 0.06, 0.06, 0.06, 0.6, 0.6] as const;

/** Middle of the parabola through an odd number of values, least squares; null where one is further than `tolerance` from it. */
function middleOfParabola(values: readonly number[], tolerance: number): number | null {
  const side = (values.length - 1) / 2;
  let [sum, first, second, squares, fourths] = [0, 0, 0, 0, 0];
  values.forEach((value, i) => {
    const at = i - side;
    sum += value;
    first += at * value;
    second += at * at * value;
    squares += at * at;
    fourths += at ** 4;
  });
  const determinant = values.length * fourths - squares * squares;
  const constant = (fourths * sum - squares * second) / determinant;
  const slope = first / squares;
  const curve = (values.length * second - squares * sum) / determinant;
  const fits = values.every((value, i) => {
    const at = i - side;
    return Math.abs(constant + slope * at + curve * at * at - value) <= tolerance;
  });
  return fits ? constant : null;
}

/**
 * A body's placement in frame `t` on its smoothed path.
 * @param path its placements, frame by frame; null where it is not known
 * @returns null where it is not known
 */
export function smoothed(path: readonly (Placement | null)[], t: number): Placement | null {
  const placement = path[t];
  if (placement === null) return null;
  const smooth: [...Placement] = [...placement];
  smooth.forEach((_, k) => {
    for (const side of sides) {
      if (t < side || t + side >= path.length) continue;
      const values = path.slice(t - side, t + side + 1).flatMap((at) => (at === null ? [] : [at[k]]));
      const middle = values.length === 2 * side + 1 ? middleOfParabola(values, tolerances[k]) : null;
      if (middle === null) continue;
      smooth[k] = middle;
      return;
    }
  });
  return smooth;
}
