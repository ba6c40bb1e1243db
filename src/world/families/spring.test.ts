// The push against its closed form: quarter of an oscillation about a shifted middle, then a slide to rest.

import { beforeAll, expect, test } from 'vitest';
import { framesPerSecond, type Scene, type Trajectory } from '../scene.ts';
import { createWorld, type World } from '../world.ts';
import { pushIn, spring, squareOnLeaving, type Push } from './spring.ts';

let world: World;
let scenes: Scene[];
beforeAll(async () => {
  world = await createWorld();
  scenes = Array.from({ length: 16 }, (_, seed) => world.scene('spring', 'wide', seed));
}, 60_000);

/** How far the block has come from its start after t seconds. */
function way({ stiffness, pressed, mass, drag }: Push, t: number): number {
  const rate = Math.sqrt(stiffness / mass);
  const shift = drag / (rate * rate);
  // Pressed by p(t) = shift + (pressed - shift) cos(rate t) until p is 0.
  const leaving = Math.acos(-shift / (pressed - shift)) / rate;
  if (t < leaving) return (pressed - shift) * (1 - Math.cos(rate * t));
  const speed = (pressed - shift) * rate * Math.sin(rate * leaving);
  const slide = Math.min(t - leaving, speed / drag);
  return pressed + speed * slide - (drag * slide * slide) / 2;
}

/** Largest distance of the block from the closed form, metres. */
function error(scene: Scene, { positions, objects, frames }: Trajectory, push = pushIn(scene)): number {
  return Math.max(...Array.from({ length: frames }, (_, f) =>
    Math.abs(Math.abs(positions[f * objects * 3] - positions[0]) - way(push, f / framesPerSecond))));
}

const limits = [[4, 1e-2], [8, 2.5e-3]];

test.each(limits)('the block is where the closed form has it, with %i steps a frame', (substeps, limit) => {
  for (const scene of scenes) expect(error(scene, spring.simulate(scene, { substeps }))).toBeLessThan(limit);
});

test('another stiffness, weight or gravity is noticed', () => {
  for (const scene of scenes) {
    const push = pushIn(scene);
    const trajectory = world.simulate(scene);
    const stiffer = { ...push, stiffness: push.stiffness * 1.3 };
    expect(error(scene, trajectory, stiffer)).toBeGreaterThan(0.05);
    expect(error(scene, trajectory, { ...push, mass: push.mass * 1.3 })).toBeGreaterThan(0.05);
    expect(error(scene, spring.simulate(scene, { gravity: 6 }))).toBeGreaterThan(0.05);
  }
});

test('energy starts as k x^2 / 2, falls with the way by friction and ends as nothing', () => {
  for (const scene of scenes) {
    const push = pushIn(scene);
    const { energy, positions, objects } = world.simulate(scene);
    expect(energy[0] / ((push.stiffness * push.pressed ** 2) / 2)).toBeCloseTo(1, 5);
    for (let frame = 1; frame < 25; frame++) {
      const lost = push.mass * push.drag * Math.abs(positions[frame * objects * 3] - positions[0]);
      const balance = (energy[0] - energy[frame] - lost) / energy[0];
      if (energy[frame] > 0) expect(Math.abs(balance)).toBeLessThan(0.02);
      expect(energy[frame]).toBeLessThanOrEqual(energy[frame - 1]);
    }
    expect(energy[24]).toBe(0);
  }
});

test('without friction the speed on leaving is x sqrt(k / m)', () => {
  const push = { ...pushIn(scenes[0]), drag: 0 };
  const { pressed, stiffness, mass } = push;
  expect(Math.sqrt(squareOnLeaving(push))).toBeCloseTo(pressed * Math.sqrt(stiffness / mass), 9);
});

test('the coils reach from the wall to the plate in every frame', () => {
  for (const scene of scenes) {
    const { positions, sizes, objects } = world.simulate(scene);
    const { coils } = scene.parameters ?? {};
    for (const frame of [0, 3, 6, 24]) {
      const at = frame * objects * 3;
      const [first, second] = [positions[at + 3], positions[at + 6]];
      const advance = Math.abs(second - first);
      const plate = Math.abs(positions[at + (objects - 1) * 3]);
      const wall = Math.abs(first) + advance / 2;
      expect(Math.abs(wall - plate * Math.sign(positions[at + (objects - 1) * 3] * first))).toBeCloseTo(
        2 * coils * advance + 0.015, 4,
      );
      // A half turn is as long as its wire: the advance and the height of the coil.
      expect(2 * (sizes?.[at + 4] ?? 0)).toBeCloseTo(Math.hypot(advance, 0.28), 4);
    }
  }
});
