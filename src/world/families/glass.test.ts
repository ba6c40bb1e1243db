// The roll against its closed form; refraction against Snell's law; and the place of the image seen through
// the block.

import { beforeAll, expect, test } from 'vitest';
import { cameraPosition, project } from '../camera.ts';
import { exactTracks } from '../exact-tracks.ts';
import { glassIndex, refract } from '../optics.ts';
import { frameSize, type Scene, type SceneObject, type Vector } from '../scene.ts';
import { turned } from '../things.ts';
import { createWorld, type World } from '../world.ts';
import { glass } from './glass.ts';

let world: World;
let scenes: Scene[];
beforeAll(async () => {
  world = await createWorld();
  scenes = Array.from({ length: 12 }, (_, seed) => world.scene('glass', 'wide', seed));
}, 60_000);

function share(scene: Scene, options: { substeps?: number; gravity?: number }): number {
  const tracks = exactTracks(scene, glass.simulate(scene, options));
  for (const { area } of tracks) area.fill(1);
  return glass.law.measured(scene, tracks) / glass.law.expected(scene);
}

test.each([4, 8])('rolls as the closed form says, with %i steps a frame', (substeps) => {
  for (const scene of scenes) {
    const limit = scene.objects[0].shape === 'sphere' ? 0.005 : 0.07;
    expect(Math.abs(share(scene, { substeps }) - 1)).toBeLessThan(limit);
  }
});

test('another gravity is noticed', () => {
  for (const scene of scenes) expect(share(scene, { gravity: 7 })).toBeLessThan(0.85);
});

/** Refracts a ray in the plane of incidence at an angle to a surface's normal; null at total reflection. */
function bent(angle: number, ratio: number): Float64Array | null {
  const out = new Float64Array(3);
  return refract(Math.sin(angle), -Math.cos(angle), 0, 0, 1, 0, ratio, out) ? out : null;
}

test('rays bend by Snell\'s law and reflect totally beyond the critical angle', () => {
  for (const angle of [0, 0.2, 0.7, 1.2, 1.5]) {
    const inside = bent(angle, 1 / glassIndex);
    expect(inside?.[0]).toBeCloseTo(Math.sin(angle) / glassIndex, 12);
    expect(Math.hypot(...(inside ?? []))).toBeCloseTo(1, 12);
    // Out again by the parallel face: as it came.
    const out = bent(Math.asin(inside?.[0] ?? NaN), glassIndex);
    expect(out?.[0]).toBeCloseTo(Math.sin(angle), 12);
  }
  const critical = Math.asin(1 / glassIndex);
  expect(bent(critical - 1e-6, glassIndex)).not.toBeNull();
  expect(bent(critical + 1e-6, glassIndex)).toBeNull();
});

test('a plane block shifts a ray by d sin(a) (1 - cos(a) / sqrt(n^2 - sin^2(a)))', () => {
  for (const angle of [0.1, 0.5, 0.9]) {
    const inside = bent(angle, 1 / glassIndex) ?? new Float64Array(3);
    const thickness = 0.4;
    // Where it leaves, less where it would have passed, across its direction.
    const aside = thickness * (Math.tan(angle) - inside[0] / -inside[1]) * Math.cos(angle);
    const root = Math.sqrt(glassIndex ** 2 - Math.sin(angle) ** 2);
    expect(aside).toBeCloseTo(thickness * Math.sin(angle) * (1 - Math.cos(angle) / root), 12);
  }
});

/**
 * How a block displaces a ray of a direction, and where a ray to a point enters and leaves it, in its own
 * frame.
 */
function throughBlock(block: SceneObject, point: Vector): { shift: Vector; enters: Vector; leaves: Vector } {
  const [i, j, k, w] = block.rotation;
  const into = (v: number[]) => turned([-i, -j, -k, w], v as Vector);
  const eye = into(cameraPosition.map((value, axis) => value - block.position[axis]));
  const target = into(point.map((value, axis) => value - block.position[axis]));
  const way = target.map((value, axis) => value - eye[axis]);
  const length = Math.hypot(...way);
  const along = way.map((value) => value / length);
  const inside = new Float64Array(3);
  refract(along[0], along[1], along[2], 0, 0, 1, 1 / glassIndex, inside);
  const thickness = 2 * block.size[2];
  const steps = (block.size[2] - eye[2]) / along[2];
  const enters = eye.map((value, axis) => value + steps * along[axis]) as Vector;
  const leaves = enters.map((value, axis) => value - (inside[axis] * thickness) / inside[2]) as Vector;
  const shift = [0, 1, 2].map((axis) => thickness * (along[axis] / along[2] - inside[axis] / inside[2]));
  return { shift: turned([i, j, k, w], shift as Vector), enters, leaves };
}

test('behind the block the ball is seen shifted by that much', () => {
  const misses: { shifted: number; straight: number }[] = [];
  for (const scene of scenes) {
    const [body, block] = scene.objects;
    const red: SceneObject = { ...body, material: 'clay', colour: [0.8, 0, 0] };
    const trajectory = world.simulate(scene);
    const painted = { ...scene, objects: [red, ...scene.objects.slice(1)] };
    const { frames, masks } = world.render(painted, trajectory);
    for (let frame = 0; frame < trajectory.frames; frame++) {
      const middle = [...trajectory.positions.slice(frame * trajectory.objects * 3).subarray(0, 3)];
      // The ray that is displaced onto the ball's middle.
      let aim = middle as Vector;
      for (let i = 0; i < 20; i++) {
        const { shift } = throughBlock(block, aim);
        aim = middle.map((value, axis) => value - shift[axis]) as Vector;
      }
      const { enters, leaves } = throughBlock(block, aim);
      const margin = block.size[0] - 0.75 * body.size[0];
      if (Math.abs(enters[0]) > margin || Math.abs(leaves[0]) > margin) continue;
      let [count, columns] = [0, 0];
      const seen = project(aim);
      for (let pixel = 0; pixel < frameSize * frameSize; pixel++) {
        const at = frame * frameSize * frameSize + pixel;
        const column = (pixel % frameSize) + 0.5;
        if (masks[at] > 0 || frames[at * 3] < 2 * frames[at * 3 + 1] + 20) continue;
        if (Math.abs(column - seen.column) > 8) continue;
        count++;
        columns += column;
      }
      const found = columns / count;
      const straight = Math.abs(found - project(middle).column);
      misses.push({ shifted: Math.abs(found - seen.column), straight });
    }
  }
  expect(misses.length).toBeGreaterThan(5);
  const middleOf = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
  expect(middleOf(misses.map(({ shifted }) => shifted))).toBeLessThan(0.5);
  expect(middleOf(misses.map(({ straight }) => straight))).toBeGreaterThan(1);
});
