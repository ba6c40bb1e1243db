// The camera's rays for a picture of a given side: the same for every scene, made once.

import { rayThrough } from './camera.ts';
import { frameSize } from './scene.ts';

export interface Rays {
  readonly side: number;
  readonly pixels: number;
  /** Unit directions of 2 x 2 samples a pixel: samples 4 p .. 4 p + 3 belong to pixel p. */
  readonly samples: Float64Array;
  /** Unit directions through the pixels' centres. */
  readonly centres: Float64Array;
}

const made = new Map<number, Rays>();

export function raysFor(side: number): Rays {
  const known = made.get(side);
  if (known) return known;
  const pixels = side * side;
  const samples = new Float64Array(pixels * 12);
  const centres = new Float64Array(pixels * 3);
  const ray = new Float64Array(3);
  const scale = frameSize / side;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const column = pixel % side;
    const row = (pixel - column) / side;
    for (let s = 0; s < 4; s++) {
      rayThrough((column + 0.25 + 0.5 * (s % 2)) * scale, (row + 0.25 + 0.5 * (s >> 1)) * scale, ray);
      samples.set(ray, (pixel * 4 + s) * 3);
    }
    rayThrough((column + 0.5) * scale, (row + 0.5) * scale, ray);
    centres.set(ray, pixel * 3);
  }
  const rays = { side, pixels, samples, centres };
  made.set(side, rays);
  return rays;
}
