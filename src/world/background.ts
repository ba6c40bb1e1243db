// The part of a picture that never changes: the room and the static blocks, cast once a scene and kept for every
// sample, split into what the ambient light and what the key light gives.

import { Body } from './body.ts';
import { cameraPosition, forward } from './camera.ts';
import { hit } from './intersections.ts';
import { lightStatic, meetStatic, place, roomDistance, surface } from './light.ts';
import { raysFor, type Rays } from './rays.ts';
import { frameSize, type Scene } from './scene.ts';

const [eyeX, eyeY, eyeZ] = cameraPosition;

/** What the static part of a scene looks like at every sample, before objects and their shadows. */
export class Background {
  readonly rays: Rays;
  readonly distance: Float32Array;
  readonly normal: Float32Array;
  /** Linear RGB under the ambient light alone, and what the key light adds (0 in a static shadow). */
  readonly ambient: Float32Array;
  readonly key: Float32Array;
  /** 1 + index into the static blocks where a mirror or glass is seen, else 0. */
  readonly optics: Uint8Array;
  /** A sphere about the points that a pixel's samples see: centre and radius. */
  readonly bounds: Float32Array;
  readonly plate: Uint8Array;
  readonly depth: Float32Array;

  constructor(rays: Rays) {
    const { pixels } = rays;
    const samples = pixels * 4;
    this.rays = rays;
    this.distance = new Float32Array(samples);
    this.normal = new Float32Array(samples * 3);
    this.ambient = new Float32Array(samples * 3);
    this.key = new Float32Array(samples * 3);
    this.optics = new Uint8Array(samples);
    this.bounds = new Float32Array(pixels * 4);
    this.plate = new Uint8Array(pixels * 3);
    this.depth = new Float32Array(pixels);
  }
}

/** The static objects of a scene as bodies. */
export function staticBodies(scene: Scene, side: number): Body[] {
  return scene.objects.filter((object) => !object.moves).map((object) => new Body(object, side));
}

export function castBackground(scene: Scene, side = frameSize): Background {
  const blocks = staticBodies(scene, side);
  const stage = { scene, blocks, bodies: [] };
  const out = new Background(raysFor(side));
  const { samples, pixels } = out.rays;
  for (let s = 0; s < pixels * 4; s++) {
    const block = meetStatic(blocks, eyeX, eyeY, eyeZ, samples[s * 3], samples[s * 3 + 1], samples[s * 3 + 2]);
    lightStatic(stage, block);
    if (block?.object.surface) out.optics[s] = 1 + blocks.indexOf(block);
    out.distance[s] = place.distance;
    out.normal[s * 3] = place.nx;
    out.normal[s * 3 + 1] = place.ny;
    out.normal[s * 3 + 2] = place.nz;
    for (let c = 0; c < 3; c++) {
      out.ambient[s * 3 + c] = surface.colour[c] * surface.ambient;
      out.key[s * 3 + c] = surface.colour[c] * surface.key;
    }
  }
  for (let pixel = 0; pixel < pixels; pixel++) summarise(out, pixel, blocks);
  return out;
}

/** Bounds, plate colour and depth of one pixel of the background. */
function summarise(out: Background, pixel: number, blocks: Body[]): void {
  const { samples, centres } = out.rays;
  const point = [0, 0, 0];
  const corners: number[][] = [];
  for (let s = pixel * 4; s < pixel * 4 + 4; s++) {
    const distance = out.distance[s];
    const corner = [
      eyeX + distance * samples[s * 3], eyeY + distance * samples[s * 3 + 1], eyeZ + distance * samples[s * 3 + 2],
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
  const dx = centres[pixel * 3];
  const dy = centres[pixel * 3 + 1];
  const dz = centres[pixel * 3 + 2];
  let distance = roomDistance(eyeY, eyeZ, dy, dz);
  for (const block of blocks) if (block.seen(dx, dy, dz) && hit[0] < distance) distance = hit[0];
  out.depth[pixel] = distance * (dy * forward[1] + dz * forward[2]);
}

/** A byte from linear light: gamma 2, limited to 255. */
export function byteFromLight(light: number): number {
  const value = Math.floor(Math.sqrt(light) * 255 + 0.5);
  return value > 255 ? 255 : value;
}

/** RGB [S, S, 3] of a scene without what moves and its shadows. */
export function backgroundPlate(scene: Scene, side = frameSize): Uint8Array {
  return castBackground(scene, side).plate;
}
