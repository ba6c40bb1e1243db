// The tower against its closed form, the pendulum on its head, and against its centre of mass.

import { beforeAll, expect, test } from 'vitest';
import { framesPerSecond, type Scene, type Trajectory } from '../scene.ts';
import { createWorld, type World } from '../world.ts';
import { columnOf, toppling } from './toppling.ts';

let world: World;
let scenes: Scene[];
beforeAll(async () => {
  world = await createWorld();
  scenes = Array.from({ length: 12 }, (_, seed) => world.scene('toppling', 'wide', seed));
}, 60_000);

/** Angle of the lowest box to upright in the direction of its first tilt, radians, by frame. */
function tilts(scene: Scene, { rotations, objects, frames }: Trajectory): number[] {
  const { side } = columnOf(scene.objects);
  return Array.from({ length: frames }, (_, f) =>
    -2 * side * Math.atan2(rotations[f * objects * 4 + 2], rotations[f * objects * 4 + 3]));
}

/**
 * phi'' = stiffness sin(phi) from rest, by velocity Verlet in steps of 80 microseconds: turn after each
 * frame.
 */
function pendulum(imbalance: number, stiffness: number, frames: number): number[] {
  const start = Math.asin(imbalance);
  const step = 1 / framesPerSecond / 1000;
  let phi = start;
  let rate = 0;
  return Array.from({ length: frames }, (_, frame) => {
    for (let i = 0; i < (frame === 0 ? 0 : 1000); i++) {
      rate += (stiffness * Math.sin(phi) * step) / 2;
      phi += rate * step;
      rate += (stiffness * Math.sin(phi) * step) / 2;
    }
    return phi - start;
  });
}

/** Largest difference to the pendulum before the tower turns by more than 0.6 rad or is upright, radians. */
function error(scene: Scene, options: { substeps?: number; gravity?: number }): number {
  const { imbalance, stiffness, tilt: sine } = columnOf(scene.objects);
  const tilt = Math.asin(sine);
  const turned = tilts(scene, toppling.simulate(scene, options)).map((angle) => angle - tilt);
  const exact = pendulum(imbalance, stiffness, turned.length);
  const last = exact.findIndex((angle) => angle > 0.6 || angle < -tilt);
  return Math.max(...turned.slice(0, last).map((angle, i) => Math.abs(angle - exact[i])));
}

test.each([4, 8])('turns about its edge as the pendulum does, with %i steps a frame', (substeps) => {
  for (const scene of scenes) expect(error(scene, { substeps })).toBeLessThan(0.02);
});

test('another gravity, or boxes of another weight, are noticed', () => {
  expect(error(scenes[0], { gravity: 7 })).toBeGreaterThan(0.1);
  const [base, ...rest] = scenes[0].objects;
  const lighter = { ...scenes[0], objects: [{ ...base, density: base.density / 4 }, ...rest] };
  const ratio = toppling.law.expected(lighter) / toppling.law.expected(scenes[0]);
  expect(Math.abs(ratio - 1)).toBeGreaterThan(0.1);
});

test('falls iff the centre of mass lies beyond the edge; both are drawn', () => {
  const fell = scenes.map((scene) => tilts(scene, world.simulate(scene))[24] > 1.4);
  expect(fell).toEqual(scenes.map(({ objects }) => columnOf(objects).imbalance > 0));
  expect(new Set(fell).size).toBe(2);
});

test('the boxes stay glued, and energy does not rise', () => {
  for (const scene of scenes) {
    const { positions, energy, objects } = world.simulate(scene);
    for (let frame = 0; frame < 25; frame++) {
      for (let k = 1; k < objects; k++) {
        const at = (frame * objects + k) * 3;
        const gap = Math.hypot(positions[at] - positions[at - 3], positions[at + 1] - positions[at - 2]);
        expect(Math.abs(gap - scene.objects[k].size[1] - scene.objects[k - 1].size[1])).toBeLessThan(0.01);
      }
    }
    expect(Math.max(...energy) / energy[0]).toBeLessThan(1.02);
  }
});
