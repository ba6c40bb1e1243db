// A small deterministic ray caster: frames, masks and depth of a scene in motion, 2x2 samples a pixel, gamma 2. The
// camera never moves, so the room and the static blocks are cast once per scene and kept per sample; frames then
// recompute only what an object or its shadow can touch, and mirrors and glass. Only + - * / and square roots: the
// same bits in every engine. How light falls is light.ts; does not do indirect light.

import { byteFromLight, castBackground, staticBodies, type Background } from './background.ts';
import { Body, contactReach } from './body.ts';
import { cameraPosition, forward } from './camera.ts';
import { hit } from './intersections.ts';
import { ambientLight, keyLight, lightBody, place, shaded, shadowsOfBodies, towardsLight, type Stage } from './light.ts';
import { lightThrough } from './optics.ts';
import { clipFrames, frameSize, type Clip, type Scene, type Trajectory } from './scene.ts';

const [eyeX, eyeY, eyeZ] = cameraPosition;

/** Bodies as a frame sees them: those that hide, and those that can be seen through. */
interface Cast extends Stage {
  readonly veils: readonly Body[];
  readonly background: Background;
}

/**
 * Renders a scene along its trajectory.
 * @param side of the picture S, in pixels
 * @returns frames [25, S, S, 3], masks [25, S, S] and depth [25, S, S]
 */
export function renderClip(scene: Scene, trajectory: Trajectory, side = frameSize): Clip {
  const background = castBackground(scene, side);
  const moving = scene.objects.filter((object) => object.moves).map((object) => new Body(object, side));
  const cast: Cast = {
    scene, background, blocks: staticBodies(scene, side),
    bodies: moving.filter(({ object }) => (object.opacity ?? 1) === 1),
    veils: moving.filter(({ object }) => (object.opacity ?? 1) < 1),
  };
  const { pixels } = background.rays;
  const clip: Clip = {
    frames: new Uint8Array(clipFrames * pixels * 3),
    masks: new Uint8Array(clipFrames * pixels),
    depth: new Float32Array(clipFrames * pixels),
  };
  for (let frame = 0; frame < clipFrames; frame++) {
    if (frame === 0 || changed(trajectory, frame)) {
      moving.forEach((body, k) => pose(body, trajectory, frame, k));
      renderFrame(cast, clip, frame);
    } else {
      clip.frames.copyWithin(frame * pixels * 3, (frame - 1) * pixels * 3, frame * pixels * 3);
      clip.masks.copyWithin(frame * pixels, (frame - 1) * pixels, frame * pixels);
      clip.depth.copyWithin(frame * pixels, (frame - 1) * pixels, frame * pixels);
    }
  }
  return clip;
}

function pose(body: Body, { positions, rotations, sizes, colours, objects }: Trajectory, frame: number, k: number): void {
  const at = frame * objects + k;
  if (sizes) body.resize(sizes.subarray(at * 3, at * 3 + 3));
  if (colours) body.colour = colours.subarray(at * 3, at * 3 + 3);
  body.place(positions.subarray(at * 3, at * 3 + 3), rotations.subarray(at * 4, at * 4 + 4));
}

/** Whether anything at all differs from the frame before. */
function changed({ positions, rotations, sizes, colours, objects }: Trajectory, frame: number): boolean {
  const differs = (values: Float32Array, width: number): boolean => {
    const span = objects * width;
    for (let i = frame * span; i < (frame + 1) * span; i++) if (values[i] !== values[i - span]) return true;
    return false;
  };
  return differs(positions, 3) || differs(rotations, 4)
    || (sizes !== undefined && differs(sizes, 3)) || (colours !== undefined && differs(colours, 3));
}

function renderFrame(cast: Cast, clip: Clip, frame: number): void {
  const { scene, background, bodies, veils } = cast;
  const { side, pixels } = background.rays;
  clip.frames.set(background.plate, frame * pixels * 3);
  clip.depth.set(background.depth, frame * pixels);
  const { bounds, optics } = background;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const column = pixel % side;
    const row = (pixel - column) / side;
    let covered = false;
    let darkened = false;
    const px = bounds[pixel * 4];
    const py = bounds[pixel * 4 + 1];
    const pz = bounds[pixel * 4 + 2];
    const spread = bounds[pixel * 4 + 3];
    const light = towardsLight(scene, px, py, pz);
    for (const body of bodies) {
      if (body.covers(column, row)) covered = true;
      if (!body.darkens) continue;
      const vx = body.x - px;
      const vy = body.y - py;
      const vz = body.z - pz;
      const square = vx * vx + vy * vy + vz * vz;
      const contact = contactReach * body.reach + spread;
      if (square < contact * contact) darkened = true;
      const along = vx * light[0] + vy * light[1] + vz * light[2];
      const width = body.radius + spread;
      if (along > -width && square - along * along < width * width) darkened = true;
    }
    const veiled = veils.some((veil) => veil.covers(column, row));
    const optical = optics[pixel * 4] + optics[pixel * 4 + 1] + optics[pixel * 4 + 2] + optics[pixel * 4 + 3] > 0;
    if (covered || darkened || veiled || optical) renderPixel(cast, clip, frame, pixel, covered, darkened, veiled);
  }
}

function renderPixel(
  cast: Cast, clip: Clip, frame: number, pixel: number, covered: boolean, darkened: boolean, veiled: boolean,
): void {
  const { background, bodies, blocks, veils } = cast;
  const { side, samples, pixels } = background.rays;
  const column = pixel % side;
  const row = (pixel - column) / side;
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let s = pixel * 4; s < pixel * 4 + 4; s++) {
    const dx = samples[s * 3];
    const dy = samples[s * 3 + 1];
    const dz = samples[s * 3 + 2];
    let distance = background.distance[s];
    let front: Body | null = null;
    if (covered) {
      for (const body of bodies) {
        if (body.covers(column, row) && body.seen(dx, dy, dz) && hit[0] < distance) {
          distance = hit[0];
          front = body;
        }
      }
    }
    if (front) {
      front.seen(dx, dy, dz);
      lightBody(cast, front, eyeX, eyeY, eyeZ, dx, dy, dz);
    } else if (background.optics[s] > 0) {
      lightThrough(cast, blocks[background.optics[s] - 1], eyeX, eyeY, eyeZ, dx, dy, dz);
    } else {
      lightRoom(cast, s, distance, darkened);
    }
    if (veiled) for (const veil of veils) drawVeil(veil, dx, dy, dz, distance);
    red += shaded[0];
    green += shaded[1];
    blue += shaded[2];
  }
  const at = (frame * pixels + pixel) * 3;
  clip.frames[at] = byteFromLight(red / 4);
  clip.frames[at + 1] = byteFromLight(green / 4);
  clip.frames[at + 2] = byteFromLight(blue / 4);
  if (covered || veiled) label(cast, clip, frame, pixel);
}

/** Light from the room at a sample, under the shadows of what moves; sets `shaded`. */
function lightRoom(cast: Cast, s: number, distance: number, darkened: boolean): void {
  const { background } = cast;
  let ambient = 1;
  let key = 1;
  if (darkened) {
    place.px = eyeX + distance * background.rays.samples[s * 3];
    place.py = eyeY + distance * background.rays.samples[s * 3 + 1];
    place.pz = eyeZ + distance * background.rays.samples[s * 3 + 2];
    place.nx = background.normal[s * 3];
    place.ny = background.normal[s * 3 + 1];
    place.nz = background.normal[s * 3 + 2];
    ({ ambient, key } = shadowsOfBodies(cast));
  }
  for (let c = 0; c < 3; c++) {
    shaded[c] = ambient * background.ambient[s * 3 + c] + key * background.key[s * 3 + c];
  }
}

/** Lays a see-through body over `shaded` where it lies in front of the given distance. */
function drawVeil(veil: Body, dx: number, dy: number, dz: number, distance: number): void {
  if (!veil.seen(dx, dy, dz) || hit[0] >= distance) return;
  const { opacity = 1 } = veil.object;
  // Lit as a face that looks up a little: a body of water has no side of its own in shadow.
  const brightness = ambientLight + 0.6 * keyLight;
  for (let c = 0; c < 3; c++) shaded[c] += opacity * (veil.colour[c] * brightness - shaded[c]);
}

/** Label and depth of what is nearest at the pixel's centre; what can be seen through counts where nothing is. */
function label({ background, bodies, veils }: Cast, clip: Clip, frame: number, pixel: number): void {
  const { side, centres, pixels } = background.rays;
  const column = pixel % side;
  const row = (pixel - column) / side;
  const dx = centres[pixel * 3];
  const dy = centres[pixel * 3 + 1];
  const dz = centres[pixel * 3 + 2];
  const axial = dy * forward[1] + dz * forward[2];
  const at = frame * pixels + pixel;
  let nearest = background.depth[pixel] / axial;
  let found = false;
  for (const body of bodies) {
    if (body.covers(column, row) && body.seen(dx, dy, dz) && hit[0] < nearest) {
      found = true;
      nearest = hit[0];
      clip.masks[at] = body.object.label;
      clip.depth[at] = nearest * axial;
    }
  }
  for (const veil of veils) {
    if (!found && veil.object.label > 0 && veil.seen(dx, dy, dz) && hit[0] < nearest) {
      clip.masks[at] = veil.object.label;
    }
  }
}
