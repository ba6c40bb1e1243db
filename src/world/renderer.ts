// A small deterministic ray caster: [25, 64, 64] frames, masks and depth of a scene in motion. One key light
// with cast shadows, an ambient term with contact shadows, 2x2 samples a pixel, gamma 2. The camera never
// moves, so the room and the static blocks are cast once per scene and kept per sample; frames then recompute
// only what an object or its shadow can touch. Only + - * / and square roots: the same bits in every engine.
// It does not do reflections, indirect light, or soft shadows other than contact.

import {
  ambientLight, byteFromLight, castBackground, centreRays, keyLight, pixels, sampleRays, type Background,
} from './background.ts';
import { Body, contactReach } from './body.ts';
import { cameraPosition, forward } from './camera.ts';
import { hit } from './intersections.ts';
import { materials } from './materials.ts';
import { clipFrames, frameSize, type Clip, type Scene, type Trajectory } from './scene.ts';
import { patternFactor } from './surfaces.ts';

const [eyeX, eyeY, eyeZ] = cameraPosition;

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
