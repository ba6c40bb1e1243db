// The lever against its equation of motion, and the side that goes down against the torques.

import { beforeAll, expect, test } from 'vitest';
import { framesPerSecond, gravity, type Scene, type Trajectory } from '../scene.ts';
import { createWorld, type World } from '../world.ts';
import { leverOf, seeSaw } from './see-saw.ts';

let world: World;
let scenes: Scene[];
beforeAll(async () => {
  world = await createWorld();
  scenes = Array.from({ length: 12 }, (_, seed) => world.scene('see-saw', 'wide', seed));
}, 60_000);

/** Angle of the plank, clockwise, by frame. */
function tilts({ rotations, objects, frames }: Trajectory): number[] {
  return Array.from({ length: frames }, (_, f) =>
    -2 * Math.atan2(rotations[(f * objects + 2) * 4 + 2], rotations[(f * objects + 2) * 4 + 3]));
}

/**
 * Largest difference to I theta'' = g (across cos + up sin), radians, over most of the way down: later the
 * boxes have slipped.
 */
function error(scene: Scene, options: { substeps?: number; gravity?: number }, weight = 1): number {
  const [left, right, plank] = scene.objects;
  const { across, up, inertia, limit } = leverOf([{ ...left, density: left.density * weight }, right, plank]);
  const turned = tilts(seeSaw.simulate(scene, options));
  const step = 1 / framesPerSecond / 1000;
  let [angle, rate, worst] = [0, 0, 0];
  for (let i = 1; i < turned.length * 1000 && Math.abs(angle) < 0.6 * Math.asin(limit); i++) {
    rate += ((gravity * (across * Math.cos(angle) + up * Math.sin(angle))) / inertia) * step;
    angle += rate * step;
    if (i % 1000 === 0) worst = Math.max(worst, Math.abs(angle - turned[i / 1000]));
  }
  return worst;
}

test.each([4, 8])('turns by torque over moment of inertia, with %i steps a frame', (substeps) => {
  for (const scene of scenes) expect(error(scene, { substeps })).toBeLessThan(0.02);
});

test('another gravity or weight is noticed', () => {
  for (const scene of scenes) {
    expect(error(scene, { gravity: 6 })).toBeGreaterThan(0.04);
    expect(error(scene, {}, 2)).toBeGreaterThan(0.04);
  }
});

test('the side with the larger torque goes down, both of them in turn; energy does not rise', () => {
  const sides = scenes.map((scene) => {
    const trajectory = world.simulate(scene);
    expect(Math.max(...trajectory.energy) / trajectory.energy[0]).toBeLessThan(1.01);
    return tilts(trajectory)[24] > 0;
  });
  expect(sides).toEqual(scenes.map(({ objects }) => leverOf(objects).across > 0));
  expect(new Set(sides).size).toBe(2);
});

test('the hinge holds the plank at its middle', () => {
  for (const scene of scenes) {
    const { positions, objects } = world.simulate(scene);
    const [x, y] = scene.objects[2].position;
    for (let frame = 0; frame < 25; frame++) {
      const at = (frame * objects + 2) * 3;
      expect(Math.hypot(positions[at] - x, positions[at + 1] - y)).toBeLessThan(0.01);
    }
  }
});
