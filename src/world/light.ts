// How light falls on what stands still and on what moves. One key light (far away, or a lamp in the room) with cast
// shadows, an ambient term with contact shadows. Linear light; results are written to shared arrays, because this
// is the inner loop. Does not do: indirect light, soft shadows other than contact.

import type { Body } from './body.ts';
import { hit } from './intersections.ts';
import { materials, type Material } from './materials.ts';
import type { Scene, SceneObject } from './scene.ts';
import { floorMixture, patternFactor } from './surfaces.ts';

export const ambientLight = 0.42;
export const keyLight = 0.72;
const wallDepth = -2.2;

/** What a ray can meet: the room, what stands in it, what moves. */
export interface Stage {
  readonly scene: Scene;
  readonly blocks: readonly Body[];
  readonly bodies: readonly Body[];
}

/** Where the last static surface was met: distance, point and normal. */
export const place = { distance: 0, px: 0, py: 0, pz: 0, nx: 0, ny: 0, nz: 0 };
/** Linear colour of the last static surface, and how much ambient and key light it gets. */
export const surface = { colour: new Float64Array(3), ambient: 0, key: 0 };
/** Linear light that the last moving body sends back. */
export const shaded = new Float64Array(3);

const normal = new Float64Array(3);
const aim = new Float64Array(3);

/** Unit direction from a point to the key light. */
export function towardsLight(scene: Scene, px: number, py: number, pz: number): ArrayLike<number> {
  const { lamp } = scene;
  if (!lamp) return scene.light;
  const x = lamp[0] - px;
  const y = lamp[1] - py;
  const z = lamp[2] - pz;
  const length = Math.sqrt(x * x + y * y + z * z);
  aim[0] = x / length;
  aim[1] = y / length;
  aim[2] = z / length;
  return aim;
}

/** Distance along a ray to the floor or the back wall. */
export function roomDistance(oy: number, oz: number, dy: number, dz: number): number {
  const toFloor = dy < 0 ? -oy / dy : 1e30;
  const toWall = dz < 0 ? (wallDepth - oz) / dz : 1e30;
  return toFloor < toWall ? toFloor : toWall;
}

/** Meets a ray with the room and the static blocks; sets `place`. Returns the block, or null for the room. */
export function meetStatic(
  blocks: readonly Body[], ox: number, oy: number, oz: number, dx: number, dy: number, dz: number,
): Body | null {
  let distance = roomDistance(oy, oz, dy, dz);
  let block: Body | null = null;
  place.nx = 0;
  place.ny = 0;
  place.nz = 0;
  for (const candidate of blocks) {
    if (candidate.meets(ox, oy, oz, dx, dy, dz) && hit[0] < distance) {
      distance = hit[0];
      candidate.normalAtHit(normal);
      [place.nx, place.ny, place.nz] = normal;
      block = candidate;
    }
  }
  // A ray that leaves the room, as one from a mirror may, sees a wall far away.
  if (distance > 1e3) distance = 1e3;
  place.distance = distance;
  place.px = ox + distance * dx;
  place.py = oy + distance * dy;
  place.pz = oz + distance * dz;
  return block;
}

/** Light on the static surface of `place`, by room and blocks alone; sets `surface`. */
export function lightStatic({ scene, blocks }: Stage, block: Body | null): void {
  const { room } = scene;
  const { colour } = surface;
  const { px, py, pz } = place;
  if (block) {
    for (let c = 0; c < 3; c++) colour[c] = block.colour[c];
  } else if (py < 1e-6) {
    place.ny = 1;
    const mixture = floorMixture(room, px, pz);
    const [first, second] = room.floorColours;
    for (let c = 0; c < 3; c++) colour[c] = first[c] + mixture * (second[c] - first[c]);
  } else {
    place.nz = 1;
    const part = py / 2.6 > 1 ? 1 : py / 2.6;
    const [low, high] = room.wallColours;
    for (let c = 0; c < 3; c++) colour[c] = low[c] + part * (high[c] - low[c]);
  }
  const { nx, ny, nz } = place;
  let ambient = ambientLight * (0.85 + 0.15 * ny);
  for (const other of blocks) {
    if (other !== block) ambient *= 1 - 0.6 * other.occludes(px, py, pz, nx, ny, nz);
  }
  // The wall is lit evenly, as a sky would be: shadows on it would say nothing about heights.
  const light = towardsLight(scene, px, py, pz);
  const facing = nx * light[0] + ny * light[1] + nz * light[2];
  let key = nz === 1 && !block ? keyLight * 0.8 : facing > 0 ? keyLight * facing : 0;
  if (takesShadows(ny) && key > 0) {
    for (const other of blocks) if (other !== block && other.shades(px, py, pz, light)) key = 0;
  }
  const glow = block?.object.emission ?? 0;
  surface.ambient = ambient + glow * (1 - ambient);
  surface.key = key * (1 - glow);
}

/** Cast shadows fall on what looks up. */
export function takesShadows(ny: number): boolean {
  return ny > 0.5;
}

/** How an object's surface looks; furnishings are plain. */
export function lookOf({ material }: SceneObject): Material {
  return material in materials ? materials[material as keyof typeof materials] : materials.clay;
}

/** Light from a moving body that a ray meets; `hit` holds the meeting in the body's frame. Sets `shaded`. */
export function lightBody(
  { scene, bodies, blocks }: Stage, body: Body,
  ox: number, oy: number, oz: number, dx: number, dy: number, dz: number,
): void {
  const { object, axes: m } = body;
  const t = hit[0];
  const a = hit[1];
  const b = hit[2];
  const c = hit[3];
  const nx = m[0] * a + m[1] * b + m[2] * c;
  const ny = m[3] * a + m[4] * b + m[5] * c;
  const nz = m[6] * a + m[7] * b + m[8] * c;
  const px = ox + t * dx;
  const py = oy + t * dy;
  const pz = oz + t * dz;
  const qx = px - body.x;
  const qy = py - body.y;
  const qz = pz - body.z;
  const material = lookOf(object);
  const factor = patternFactor(
    material.pattern, m[0] * qx + m[3] * qy + m[6] * qz, m[1] * qx + m[4] * qy + m[7] * qz,
    m[2] * qx + m[5] * qy + m[8] * qz, body.extent,
  );
  let ambient = ambientLight * (0.9 + 0.3 * ny);
  // Near the floor, an object's underside sees less of the sky.
  if (ny < 0) ambient *= 1 + (0.35 * ny) / (1 + 4 * py);
  const light = towardsLight(scene, px, py, pz);
  const facing = nx * light[0] + ny * light[1] + nz * light[2];
  let key = facing > 0 ? keyLight * facing : 0;
  if (key > 0) {
    for (const other of bodies) if (other !== body && other.shades(px, py, pz, light)) key = 0;
    for (const other of blocks) if (other.shades(px, py, pz, light)) key = 0;
  }
  let brightness = (ambient + key + 0.12) * factor;
  const { emission } = object;
  if (emission) brightness += emission * (1 - brightness);
  let highlight = 0;
  if (material.highlight > 0 && key > 0) {
    const hx = light[0] - dx;
    const hy = light[1] - dy;
    const hz = light[2] - dz;
    let cosine = (nx * hx + ny * hy + nz * hz) / Math.sqrt(hx * hx + hy * hy + hz * hz);
    if (cosine > 0) {
      for (let i = 0; i < material.sharpness; i++) cosine *= cosine;
      highlight = material.highlight * cosine;
    }
  }
  for (let i = 0; i < 3; i++) shaded[i] = body.colour[i] * brightness + highlight;
}

/** What bodies take from the light on the static surface of `place`: factors on ambient and key light. */
export function shadowsOfBodies({ scene, bodies }: Stage): { ambient: number; key: number } {
  const { px, py, pz, nx, ny, nz } = place;
  const light = towardsLight(scene, px, py, pz);
  let ambient = 1;
  let key = 1;
  for (const body of bodies) {
    ambient *= 1 - body.occludes(px, py, pz, nx, ny, nz);
    if (takesShadows(ny) && key > 0 && body.shades(px, py, pz, light)) key = 0;
  }
  return { ambient, key };
}

/** Light that comes back along any ray, from whatever it meets first; sets `shaded`. Mirrors look plain here. */
export function lightAlong(
  stage: Stage, ox: number, oy: number, oz: number, dx: number, dy: number, dz: number,
): void {
  const block = meetStatic(stage.blocks, ox, oy, oz, dx, dy, dz);
  let nearest = place.distance;
  let front: Body | null = null;
  for (const body of stage.bodies) {
    if (body.darkens && body.meets(ox, oy, oz, dx, dy, dz) && hit[0] < nearest) {
      nearest = hit[0];
      front = body;
    }
  }
  if (front) {
    front.meets(ox, oy, oz, dx, dy, dz);
    lightBody(stage, front, ox, oy, oz, dx, dy, dz);
    return;
  }
  lightStatic(stage, block);
  const { ambient, key } = shadowsOfBodies(stage);
  for (let c = 0; c < 3; c++) {
    shaded[c] = surface.colour[c] * (ambient * surface.ambient + key * surface.key);
  }
}
