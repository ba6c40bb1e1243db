// A small deterministic ray caster: [25, 64, 64] frames, masks and depth of a scene in motion. One key light with
// cast shadows, an ambient term with contact shadows, 2x2 samples a pixel, gamma 2. The camera never moves, so
// the room and the static blocks are cast once per scene and kept per sample; frames then recompute only what an
// object or its shadow can touch. Only + - * / and square roots: the same bits in every engine.
// It does not do reflections, indirect light, or soft shadows other than contact.

import { cameraPosition, focalLength, forward, project, rayThrough } from './camera.ts';
import { hit, intersect } from './intersections.ts';
import { materials } from './materials.ts';
import {
  boundingRadius, clipFrames, frameSize, type Clip, type Scene, type SceneObject, type Trajectory,
} from './scene.ts';
import { floorMixture, patternFactor } from './surfaces.ts';

const pixels = frameSize * frameSize;
const samples = pixels * 4;
const wallDepth = -2.2;
const ambientLight = 0.42;
const keyLight = 0.72;
/** Contact shadows end at this many radii from an object's centre. */
const contactReach = 2.6;
const contactFloor = 1 / (contactReach * contactReach);

// Directions of all rays: four samples a pixel, then the pixel's centre. They are the same for every scene.
const sampleRays = new Float64Array(samples * 3);
const centreRays = new Float64Array(pixels * 3);
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

/** An object with its pose as a rotation matrix (columns: its axes in the world). */
class Body {
  readonly object: SceneObject;
  readonly radius: number;
  readonly reach: number;
  readonly axes = new Float64Array(9);
  x = 0;
  y = 0;
  z = 0;
  /** The camera in this object's frame. */
  eyeX = 0;
  eyeY = 0;
  eyeZ = 0;
  /** Pixels that the object can cover: left, right (exclusive), top, bottom (exclusive). */
  left = 0;
  right = 0;
  top = 0;
  bottom = 0;

  constructor(object: SceneObject) {
    this.object = object;
    this.radius = boundingRadius(object);
    this.reach = object.size[0] > object.size[1] ? object.size[0] : object.size[1];
    this.place(object.position, object.rotation);
  }

  place(position: ArrayLike<number>, rotation: ArrayLike<number>): void {
    this.x = position[0];
    this.y = position[1];
    this.z = position[2];
    const i = rotation[0];
    const j = rotation[1];
    const k = rotation[2];
    const w = rotation[3];
    const m = this.axes;
    m[0] = 1 - 2 * (j * j + k * k);
    m[1] = 2 * (i * j - w * k);
    m[2] = 2 * (i * k + w * j);
    m[3] = 2 * (i * j + w * k);
    m[4] = 1 - 2 * (i * i + k * k);
    m[5] = 2 * (j * k - w * i);
    m[6] = 2 * (i * k - w * j);
    m[7] = 2 * (j * k + w * i);
    m[8] = 1 - 2 * (i * i + j * j);
    const ox = cameraPosition[0] - this.x;
    const oy = cameraPosition[1] - this.y;
    const oz = cameraPosition[2] - this.z;
    this.eyeX = m[0] * ox + m[3] * oy + m[6] * oz;
    this.eyeY = m[1] * ox + m[4] * oy + m[7] * oz;
    this.eyeZ = m[2] * ox + m[5] * oy + m[8] * oz;
    const { column, row, depth } = project(position);
    const reach = 1.5 + (focalLength * this.radius) / (depth - this.radius);
    const clamp = (value: number) => Math.max(0, Math.min(frameSize, Math.floor(value)));
    this.left = clamp(column - reach);
    this.right = clamp(column + reach + 1);
    this.top = clamp(row - reach);
    this.bottom = clamp(row + reach + 1);
  }

  /** Meets the camera's ray with this body; sets `hit` in the body's frame. */
  seen(dx: number, dy: number, dz: number): boolean {
    const m = this.axes;
    const { shape, size } = this.object;
    return intersect(
      shape, size[0], size[1], size[2], this.eyeX, this.eyeY, this.eyeZ,
      m[0] * dx + m[3] * dy + m[6] * dz, m[1] * dx + m[4] * dy + m[7] * dz, m[2] * dx + m[5] * dy + m[8] * dz,
    );
  }

  /** Whether this body stands between a point and the light. */
  shades(px: number, py: number, pz: number, light: ArrayLike<number>): boolean {
    const vx = this.x - px;
    const vy = this.y - py;
    const vz = this.z - pz;
    const along = vx * light[0] + vy * light[1] + vz * light[2];
    if (along < -this.radius) return false;
    if (vx * vx + vy * vy + vz * vz - along * along >= this.radius * this.radius) return false;
    const m = this.axes;
    const { shape, size } = this.object;
    const lx = light[0];
    const ly = light[1];
    const lz = light[2];
    return intersect(
      shape, size[0], size[1], size[2],
      -m[0] * vx - m[3] * vy - m[6] * vz, -m[1] * vx - m[4] * vy - m[7] * vz, -m[2] * vx - m[5] * vy - m[8] * vz,
      m[0] * lx + m[3] * ly + m[6] * lz, m[1] * lx + m[4] * ly + m[7] * lz, m[2] * lx + m[5] * ly + m[8] * lz,
    );
  }

  /** Share of the ambient light that this body takes from a point with a normal, 0 .. 1. */
  occludes(px: number, py: number, pz: number, nx: number, ny: number, nz: number): number {
    const vx = this.x - px;
    const vy = this.y - py;
    const vz = this.z - pz;
    const square = vx * vx + vy * vy + vz * vz;
    const near = (this.reach * this.reach) / square;
    if (near <= contactFloor) return 0;
    const facing = (vx * nx + vy * ny + vz * nz) / Math.sqrt(square);
    if (facing <= 0) return 0;
    const share = facing * (near - contactFloor);
    return share > 0.85 ? 0.85 : share;
  }
}

/** What the static part of a scene looks like at every sample, before objects and their shadows. */
class Background {
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

const eyeX = cameraPosition[0];
const eyeY = cameraPosition[1];
const eyeZ = cameraPosition[2];

/** Distance to the room (floor or back wall) along a ray. */
function roomDistance(dy: number, dz: number): number {
  const toFloor = dy < 0 ? -eyeY / dy : 1e30;
  const toWall = dz < 0 ? (wallDepth - eyeZ) / dz : 1e30;
  return toFloor < toWall ? toFloor : toWall;
}

function castBackground(scene: Scene): Background {
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
    for (const other of blocks) if (other !== block) ambient *= 1 - 0.6 * other.occludes(px, py, pz, nx, ny, nz);
    // The wall is lit evenly, as a sky would be: shadows on it would say nothing about heights.
    const facing = nx * light[0] + ny * light[1] + nz * light[2];
    let key = nz === 1 && !block ? keyLight * 0.8 : facing > 0 ? keyLight * facing : 0;
    if (ny === 1 && key > 0) for (const other of blocks) if (other !== block && other.shades(px, py, pz, light)) key = 0;
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

function byteFromLight(light: number): number {
  const value = Math.floor(Math.sqrt(light) * 255 + 0.5);
  return value > 255 ? 255 : value;
}

/** RGB [64, 64, 3] of a scene without its dropped objects and their shadows. */
export function backgroundPlate(scene: Scene): Uint8Array {
  return castBackground(scene).plate;
}

const shaded = new Float64Array(3);

/** Colour of a dropped body where a camera ray meets it; `hit` holds the meeting in the body's frame. */
function shade(
  body: Body, bodies: Body[], blocks: Body[], light: ArrayLike<number>, dx: number, dy: number, dz: number,
): void {
  const { object, axes: m } = body;
  const t = hit[0];
  const a = hit[1];
  const b = hit[2];
  const c = hit[3];
  const nx = m[0] * a + m[1] * b + m[2] * c;
  const ny = m[3] * a + m[4] * b + m[5] * c;
  const nz = m[6] * a + m[7] * b + m[8] * c;
  const px = eyeX + t * dx;
  const py = eyeY + t * dy;
  const pz = eyeZ + t * dz;
  const qx = px - body.x;
  const qy = py - body.y;
  const qz = pz - body.z;
  const material = object.material === 'stone' ? materials.clay : materials[object.material];
  const factor = patternFactor(
    material.pattern, m[0] * qx + m[3] * qy + m[6] * qz, m[1] * qx + m[4] * qy + m[7] * qz,
    m[2] * qx + m[5] * qy + m[8] * qz, body.reach,
  );
  let ambient = ambientLight * (0.9 + 0.3 * ny);
  // Near the floor, an object's underside sees less of the sky.
  if (ny < 0) ambient *= 1 + (0.35 * ny) / (1 + 4 * py);
  const facing = nx * light[0] + ny * light[1] + nz * light[2];
  let key = facing > 0 ? keyLight * facing : 0;
  if (key > 0) {
    for (const other of bodies) if (other !== body && other.shades(px, py, pz, light)) key = 0;
    for (const other of blocks) if (other.shades(px, py, pz, light)) key = 0;
  }
  const brightness = (ambient + key + 0.12) * factor;
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
  for (let i = 0; i < 3; i++) shaded[i] = object.colour[i] * brightness + highlight;
}

/**
 * Renders a scene along its trajectory.
 * @returns frames [25, 64, 64, 3], masks [25, 64, 64] and depth [25, 64, 64]
 */
export function renderClip(scene: Scene, trajectory: Trajectory): Clip {
  const background = castBackground(scene);
  const bodies = scene.objects.filter((object) => object.dropped).map((object) => new Body(object));
  const blocks = scene.objects.filter((object) => !object.dropped).map((object) => new Body(object));
  const clip: Clip = {
    frames: new Uint8Array(clipFrames * pixels * 3),
    masks: new Uint8Array(clipFrames * pixels),
    depth: new Float32Array(clipFrames * pixels),
  };
  const count = bodies.length;
  for (let frame = 0; frame < clipFrames; frame++) {
    let moved = frame === 0;
    for (let k = 0; k < count; k++) {
      const at = frame * count + k;
      const position = trajectory.positions.subarray(at * 3, at * 3 + 3);
      const rotation = trajectory.rotations.subarray(at * 4, at * 4 + 4);
      moved = moved || changed(trajectory, frame, k);
      bodies[k].place(position, rotation);
    }
    if (moved) {
      renderFrame(scene, background, bodies, blocks, clip, frame);
    } else {
      clip.frames.copyWithin(frame * pixels * 3, (frame - 1) * pixels * 3, frame * pixels * 3);
      clip.masks.copyWithin(frame * pixels, (frame - 1) * pixels, frame * pixels);
      clip.depth.copyWithin(frame * pixels, (frame - 1) * pixels, frame * pixels);
    }
  }
  return clip;
}

/** Whether an object's pose differs at all from the frame before. */
function changed(trajectory: Trajectory, frame: number, k: number): boolean {
  const { positions, rotations, objects } = trajectory;
  const now = frame * objects + k;
  const before = now - objects;
  for (let i = 0; i < 3; i++) if (positions[now * 3 + i] !== positions[before * 3 + i]) return true;
  for (let i = 0; i < 4; i++) if (rotations[now * 4 + i] !== rotations[before * 4 + i]) return true;
  return false;
}

function renderFrame(
  scene: Scene, background: Background, bodies: Body[], blocks: Body[], clip: Clip, frame: number,
): void {
  const { light } = scene;
  clip.frames.set(background.plate, frame * pixels * 3);
  clip.depth.set(background.depth, frame * pixels);
  const { bounds } = background;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const column = pixel % frameSize;
    const row = (pixel - column) / frameSize;
    let covered = false;
    let darkened = false;
    for (const body of bodies) {
      if (column >= body.left && column < body.right && row >= body.top && row < body.bottom) covered = true;
      const vx = body.x - bounds[pixel * 4];
      const vy = body.y - bounds[pixel * 4 + 1];
      const vz = body.z - bounds[pixel * 4 + 2];
      const spread = bounds[pixel * 4 + 3];
      const square = vx * vx + vy * vy + vz * vz;
      const contact = contactReach * body.reach + spread;
      if (square < contact * contact) darkened = true;
      const along = vx * light[0] + vy * light[1] + vz * light[2];
      const width = body.radius + spread;
      if (along > -width && square - along * along < width * width) darkened = true;
    }
    if (!covered && !darkened) continue;
    renderPixel(background, bodies, blocks, light, clip, frame, pixel, covered, darkened);
  }
}

function renderPixel(
  background: Background, bodies: Body[], blocks: Body[], light: ArrayLike<number>,
  clip: Clip, frame: number, pixel: number, covered: boolean, darkened: boolean,
): void {
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let s = pixel * 4; s < pixel * 4 + 4; s++) {
    const dx = sampleRays[s * 3];
    const dy = sampleRays[s * 3 + 1];
    const dz = sampleRays[s * 3 + 2];
    let distance = background.distance[s];
    let front: Body | null = null;
    if (covered) {
      for (const body of bodies) {
        if (body.seen(dx, dy, dz) && hit[0] < distance) {
          distance = hit[0];
          front = body;
        }
      }
    }
    if (front) {
      front.seen(dx, dy, dz);
      shade(front, bodies, blocks, light, dx, dy, dz);
      red += shaded[0];
      green += shaded[1];
      blue += shaded[2];
      continue;
    }
    let ambient = 1;
    let key = 1;
    if (darkened) {
      const px = eyeX + distance * dx;
      const py = eyeY + distance * dy;
      const pz = eyeZ + distance * dz;
      const nx = background.normal[s * 3];
      const ny = background.normal[s * 3 + 1];
      const nz = background.normal[s * 3 + 2];
      for (const body of bodies) {
        ambient *= 1 - body.occludes(px, py, pz, nx, ny, nz);
        if (ny === 1 && key > 0 && body.shades(px, py, pz, light)) key = 0;
      }
    }
    red += ambient * background.ambient[s * 3] + key * background.key[s * 3];
    green += ambient * background.ambient[s * 3 + 1] + key * background.key[s * 3 + 1];
    blue += ambient * background.ambient[s * 3 + 2] + key * background.key[s * 3 + 2];
  }
  const at = (frame * pixels + pixel) * 3;
  clip.frames[at] = byteFromLight(red / 4);
  clip.frames[at + 1] = byteFromLight(green / 4);
  clip.frames[at + 2] = byteFromLight(blue / 4);
  if (!covered) return;
  const dx = centreRays[pixel * 3];
  const dy = centreRays[pixel * 3 + 1];
  const dz = centreRays[pixel * 3 + 2];
  const axial = dy * forward[1] + dz * forward[2];
  let nearest = background.depth[pixel] / axial;
  for (const body of bodies) {
    if (body.seen(dx, dy, dz) && hit[0] < nearest) {
      nearest = hit[0];
      clip.masks[frame * pixels + pixel] = body.object.id;
      clip.depth[frame * pixels + pixel] = nearest * axial;
    }
  }
}
