// The same for tfjs's wasm backend: loops over its memory, rows first, then columns. tfjs's pooling has one window for all
// channels and would need seven of them. What is computed: oracle.ts.

import { believed, nothing, reach, unturned } from './oracle.ts';
import type { RigidShape } from './oracle.ts';

/** Of each pixel's row: the sums of w, w x, w u, w v, w x (x + u) and w x v. */
const kept = 6;

/** Writes y [B, T, H, W, 2] of [offsets, weight]. */
export function rigidLoops([offsets, weight]: Float32Array[], y: Float32Array, { pictures, height, width }: RigidShape): void {
  const size = height * width;
  const sums = new Float64Array(size * kept);
  for (let picture = 0; picture < pictures; picture++) {
    const start = picture * size;
    addRows(offsets.subarray(2 * start, 2 * (start + size)), weight.subarray(start, start + size), sums, width);
    fitColumns(sums, y.subarray(2 * start, 2 * (start + size)), height, width);
  }
}

function addRows(offsets: Float32Array, weight: Float32Array, sums: Float64Array, width: number): void {
  for (let i = 0; i < weight.length; i++) {
    const column = i % width;
    let [total, place, across, down, along, aside] = [0, 0, 0, 0, 0, 0];
    const last = Math.min(reach, width - 1 - column);
    for (let x = -Math.min(reach, column); x <= last; x++) {
      const [w, u, v] = [weight[i + x], offsets[2 * (i + x)], offsets[2 * (i + x) + 1]];
      total += w;
      place += w * x;
      across += w * u;
      down += w * v;
      along += w * x * (x + u);
      aside += w * x * v;
    }
    sums.set([total, place, across, down, along, aside], kept * i);
  }
}

function fitColumns(sums: Float64Array, y: Float32Array, height: number, width: number): void {
  for (let i = 0; i < height * width; i++) {
    const row = Math.floor(i / width);
    let [total, mx, my, u, v, dot, cross] = [0, 0, 0, 0, 0, 0, 0];
    const last = Math.min(reach, height - 1 - row);
    for (let j = -Math.min(reach, row); j <= last; j++) {
      const at = kept * (i + j * width);
      total += sums[at];
      mx += sums[at + 1];
      my += j * sums[at];
      u += sums[at + 2];
      v += sums[at + 3];
      dot += sums[at + 4] + j * (j * sums[at] + sums[at + 3]);
      cross += sums[at + 5] - j * sums[at + 2];
    }
    // Math.max of NaN is NaN.
    const known = Math.max(total, nothing);
    [mx, my, u, v] = [mx / known, my / known, u / known, v / known];
    const [nx, ny] = [mx + u, my + v];
    const along = dot / known - (mx * nx + my * ny) + unturned;
    const aside = cross / known - (mx * ny - my * nx);
    const length = Math.sqrt(along * along + aside * aside);
    const share = total / (total + believed);
    y[2 * i] = (nx - (along * mx - aside * my) / length) * share;
    y[2 * i + 1] = (ny - (aside * mx + along * my) / length) * share;
  }
}
