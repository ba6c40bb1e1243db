// Surface patterns, as factors on lightness: the floor's tiles, stripes and planks, and what tells materials
// apart on an object. Low contrast and without sharp edges, so that a small autoencoder can keep them.

import type { Material } from './materials.ts';
import type { Room } from './scene.ts';

/** A triangle wave of period 1 between 0 (at integers) and 1. */
function wave(x: number): number {
  const part = x - Math.floor(x);
  return part < 0.5 ? 2 * part : 2 - 2 * part;
}

/** A wave with flat tops: 0 and 1 for most of the period, with soft passages between. */
function softSquare(x: number): number {
  const steep = (wave(x) - 0.5) * 4 + 0.5;
  return steep < 0 ? 0 : steep > 1 ? 1 : steep;
}

/** 0 .. 1 from two integers, the same for the same pair. */
function hash(i: number, j: number): number {
  let h = Math.imul(i | 0, 0x27d4eb2d) ^ Math.imul(j | 0, 0x165667b1);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h ^= h >>> 13;
  return (h >>> 8) / 0x1000000;
}

/** How much of the second floor tone shows at (x, z), 0 .. 1. */
export function floorMixture(room: Room, x: number, z: number): number {
  const period = room.floorPeriod;
  switch (room.floor) {
    case 'tiled': {
      const a = softSquare(x / (2 * period));
      const b = softSquare(z / (2 * period));
      return a + b - 2 * a * b;
    }
    case 'striped':
      return softSquare(x / (2 * period));
    case 'planked': {
      const row = Math.floor(z / period);
      const seam = wave(z / period) < 0.14 ? 0.5 : 0;
      return hash(row, 7) * 0.8 + seam;
    }
    case 'plain':
      return 0;
  }
}

/** Lightness factor of a material at a point of the object's own frame; `extent` is the object's reach. */
export function patternFactor(
  pattern: Material['pattern'], x: number, y: number, z: number, extent: number,
): number {
  switch (pattern) {
    case 'band': {
      const offset = (y < 0 ? -y : y) / extent;
      return offset < 0.16 ? 1.5 : offset < 0.24 ? 1.5 - (offset - 0.16) * 6.25 : 1;
    }
    case 'grain':
      return 0.72 + 0.5 * wave((1.6 * x + 0.5 * z) / extent + 0.35 * wave((1.2 * y) / extent));
    case 'speckle': {
      const u = wave((2.2 * x) / extent + 0.25);
      const v = wave((2.2 * y) / extent + 0.25);
      const w = wave((2.2 * z) / extent + 0.25);
      return 0.72 + 0.5 * (u + v + w > 1.5 ? 1 : 0.2);
    }
    case 'none':
      return 1;
  }
}
