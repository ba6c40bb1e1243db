// The part of a picture that never changes: the camera's rays, the room and the static blocks, cast once a
// scene and kept for every sample, split into what the ambient light and what the key light gives.

import { Body } from './body.ts';
import { cameraPosition, forward, rayThrough } from './camera.ts';
import { hit } from './intersections.ts';
import { frameSize, type Scene } from './scene.ts';
import { floorMixture } from './surfaces.ts';

export const pixels = frameSize * frameSize;
/** 2 x 2 samples a pixel: samples 4 p .. 4 p + 3 belong to pixel p. */
const samples = pixels * 4;
const wallDepth = -2.2;
export const ambientLight = 0.42;
export const keyLight = 0.72;

const [eyeX, eyeY, eyeZ] = cameraPosition;

// Directions of all rays: four samples a pixel, then the pixel's centre. They are the same for every scene.
export const sampleRays = new Float64Array(samples * 3);
export const centreRays = new Float64Array(pixels * 3);
const ray = new Float64Array(3);
for (let pixel = 0; pixel < pixels; pixel++) {
  const column = pixel % frameSize;
  const row = (pixel - column) / frameSize;
  for (let s = 0; s < 4; s++) {
    rayThrough(column + 0.25 + 0.5 * (s % 2), row + 0.25 + 0.5 * (s >> 1), ray);
    sampleRays.set(ray, (pixel * 4 + s) * 3);
  }
  rayThrough(column + 0.5, row + 0.5, ray);
  centreRays.set(ray, pixel * 3);
}

/** What the static part of a scene looks like at every sample, before objects and their shadows. */
export class Background {
  readonly distance = new Float32Array(samples);
  readonly normal = new Float32Array(samples * 3);
  /** Linear RGB under the ambient light alone, and what the key light adds (0 in a static shadow). */
  readonly ambient = new Float32Array(samples * 3);
  readonly key = new Float32Array(samples * 3);
  /** A sphere about the points that a pixel's samples see: centre and radius. */
  readonly bounds = new Float32Array(pixels * 4);
  readonly plate = new Uint8Array(pixels * 3);
  readonly depth = new Float32Array(pixels);
}

/** Distance to the room (floor or back wall) along a ray. */
function roomDistance(dy: number, dz: number): number {
  const toFloor = dy < 0 ? -eyeY / dy : 1e30;
  const toWall = dz < 0 ? (wallDepth - eyeZ) / dz : 1e30;
  return toFloor < toWall ? toFloor : toWall;
}

export function castBackground(scene: Scene): Background {
  const blocks = scene.objects.filter((object) => !object.dropped).map((object) => new Body(object));
  const { room, light } = scene;
  const out = new Background();
  const colour = new Float64Array(3);
  for (let s = 0; s < samples; s++) {
    const dx = sampleRays[s * 3];
    const dy = sampleRays[s * 3 + 1];
    const dz = sampleRays[s * 3 + 2];
    let distance = roomDistance(dy, dz);
    let nx = 0;
    let ny = 0;
    let nz = 0;
    let block: Body | null = null;
    for (const candidate of blocks) {
      if (candidate.seen(dx, dy, dz) && hit[0] < distance) {
        distance = hit[0];
        nx = hit[1];
        ny = hit[2];
        nz = hit[3];
        block = candidate;
      }
    }
    const px = eyeX + distance * dx;
    const py = eyeY + distance * dy;
    const pz = eyeZ + distance * dz;
    if (block) {
      for (let c = 0; c < 3; c++) colour[c] = block.object.colour[c];
    } else if (py < 1e-6) {
      ny = 1;
      const mixture = floorMixture(room, px, pz);
      const [first, second] = room.floorColours;
      for (let c = 0; c < 3; c++) colour[c] = first[c] + mixture * (second[c] - first[c]);
    } else {
      nz = 1;
      const part = py / 2.6 > 1 ? 1 : py / 2.6;
      const [low, high] = room.wallColours;
      for (let c = 0; c < 3; c++) colour[c] = low[c] + part * (high[c] - low[c]);
    }
    let ambient = ambientLight * (0.85 + 0.15 * ny);
    for (const other of blocks) {
      if (other !== block) ambient *= 1 - 0.6 * other.occludes(px, py, pz, nx, ny, nz);
    }
    // The wall is lit evenly, as a sky would be: shadows on it would say nothing about heights.
    const facing = nx * light[0] + ny * light[1] + nz * light[2];
    let key = nz === 1 && !block ? keyLight * 0.8 : facing > 0 ? keyLight * facing : 0;
    if (ny === 1 && key > 0) {
      for (const other of blocks) if (other !== block && other.shades(px, py, pz, light)) key = 0;
    }
    out.distance[s] = distance;
    out.normal[s * 3] = nx;
    out.normal[s * 3 + 1] = ny;
    out.normal[s * 3 + 2] = nz;
    for (let c = 0; c < 3; c++) {
      out.ambient[s * 3 + c] = colour[c] * ambient;
      out.key[s * 3 + c] = colour[c] * key;
    }
  }
  for (let pixel = 0; pixel < pixels; pixel++) summarise(out, pixel, blocks);
  return out;
}

/** Bounds, plate colour and depth of one pixel of the background. */
function summarise(out: Background, pixel: number, blocks: Body[]): void {
  const point = [0, 0, 0];
  const corners: number[][] = [];
  for (let s = pixel * 4; s < pixel * 4 + 4; s++) {
    const distance = out.distance[s];
    const corner = [
      eyeX + distance * sampleRays[s * 3], eyeY + distance * sampleRays[s * 3 + 1],
      eyeZ + distance * sampleRays[s * 3 + 2],
    ];
    corners.push(corner);
    for (let c = 0; c < 3; c++) point[c] += corner[c] / 4;
  }
  let spread = 0;
  for (const corner of corners) {
    const x = corner[0] - point[0];
    const y = corner[1] - point[1];
    const z = corner[2] - point[2];
    spread = Math.max(spread, x * x + y * y + z * z);
  }
  out.bounds.set([point[0], point[1], point[2], Math.sqrt(spread) + 1e-4], pixel * 4);
  for (let c = 0; c < 3; c++) {
    let sum = 0;
    for (let s = pixel * 4; s < pixel * 4 + 4; s++) sum += out.ambient[s * 3 + c] + out.key[s * 3 + c];
    out.plate[pixel * 3 + c] = byteFromLight(sum / 4);
  }
  const dx = centreRays[pixel * 3];
  const dy = centreRays[pixel * 3 + 1];
  const dz = centreRays[pixel * 3 + 2];
  let distance = roomDistance(dy, dz);
  for (const block of blocks) if (block.seen(dx, dy, dz) && hit[0] < distance) distance = hit[0];
  out.depth[pixel] = distance * (dy * forward[1] + dz * forward[2]);
}

/** A byte from linear light: gamma 2, limited to 255. */
export function byteFromLight(light: number): number {
  const value = Math.floor(Math.sqrt(light) * 255 + 0.5);
  return value > 255 ? 255 : value;
}

/** RGB [64, 64, 3] of a scene without its dropped objects and their shadows. */
export function backgroundPlate(scene: Scene): Uint8Array {
  return castBackground(scene).plate;
}
