// The camera: static, the same in every scene, in perspective, looking a little down. It sees about 2.6 m at
// the depth where things fall. Pixel (0, 0) is the top left; a pixel's centre is at (column + 0.5, row +
// 0.5).

import { frameSize, type Vector } from './scene.ts';

export const cameraPosition: Vector = [0, 2.4, 5.2];
const target: Vector = [0, 1.0, 0];
/** Tangent of half the angle of view, in both directions. */
export const tangent = 0.245;

const fall = target[1] - cameraPosition[1];
const reach = target[2] - cameraPosition[2];
const forwardLength = Math.sqrt(fall * fall + reach * reach);
/** Unit axes of the camera in the world: right is (1, 0, 0). */
export const forward: Vector = [0, fall / forwardLength, reach / forwardLength];
export const upward: Vector = [0, -forward[2], forward[1]];

/** Pixels per metre at a distance of one metre along the axis. */
export const focalLength = frameSize / 2 / tangent;

/** Column and row (in pixels, fractional) and distance along the axis (metres) of a point. */
export function project(point: ArrayLike<number>): { column: number; row: number; depth: number } {
  const x = point[0] - cameraPosition[0];
  const y = point[1] - cameraPosition[1];
  const z = point[2] - cameraPosition[2];
  const depth = y * forward[1] + z * forward[2];
  const up = y * upward[1] + z * upward[2];
  return {
    column: frameSize / 2 + (focalLength * x) / depth,
    row: frameSize / 2 - (focalLength * up) / depth,
    depth,
  };
}

/** Unit direction of the ray through a place in the picture, written to out[0..2]. */
export function rayThrough(column: number, row: number, out: Float64Array): void {
  const right = (column - frameSize / 2) / focalLength;
  const up = (frameSize / 2 - row) / focalLength;
  const y = forward[1] + up * upward[1];
  const z = forward[2] + up * upward[2];
  const length = Math.sqrt(right * right + y * y + z * z);
  out[0] = right / length;
  out[1] = y / length;
  out[2] = z / length;
}

/**
 * Height above the floor, in metres, of what is seen at a row (in pixels, fractional) and stands at depth z of the
 * world: turns a tracked centre into metres for the laws of falling.
 */
export function heightFromRow(row: number, z: number): number {
  const up = (frameSize / 2 - row) / focalLength;
  const steps = (z - cameraPosition[2]) / (forward[2] + up * upward[2]);
  return cameraPosition[1] + steps * (forward[1] + up * upward[1]);
}
