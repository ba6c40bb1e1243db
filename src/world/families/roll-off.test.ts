// Balls and cylinders roll as their shape and the angle say, in every split and at two time steps.

import { beforeAll, expect, test } from 'vitest';
import { exactTracks } from '../exact-tracks.ts';
import type { Scene } from '../scene.ts';
import { splits } from '../splits.ts';
import { turned } from '../things.ts';
import { createWorld, type World } from '../world.ts';
import { rollOff } from './roll-off.ts';

let world: World;
let scenes: Scene[];
beforeAll(async () => {
  world = await createWorld();
  scenes = splits.flatMap((split) =>
    Array.from({ length: 8 }, (_, seed) => world.scene('roll-off', split, seed)));
}, 60_000);

/** Relative error of the law on the true motion. */
function error(scene: Scene, options: { substeps?: number; gravity?: number }, by = scene): number {
  const measured = rollOff.law.measured(scene, exactTracks(scene, rollOff.simulate(scene, options)));
  return Math.abs(measured / rollOff.law.expected(by) - 1);
}

test.each([4, 8])('a = g sin / (1 + k) with %i steps a frame', (substeps) => {
  for (const scene of scenes) {
    expect(error(scene, { substeps })).toBeLessThan(scene.objects[0].shape === 'sphere' ? 0.003 : 0.03);
  }
});

test('another gravity, angle or shape is noticed', () => {
  for (const scene of scenes) {
    const [roller, ...rest] = scene.objects;
    const shape = roller.shape === 'sphere' ? 'cylinder' : 'sphere';
    const other: Scene = { ...scene, objects: [{ ...roller, shape }, ...rest] };
    const { sine = 0 } = scene.parameters ?? {};
    const steeper = { ...scene, parameters: { ...scene.parameters, sine: sine + 0.05 } };
    for (const wrong of [error(scene, { gravity: 8 }), error(scene, {}, other), error(scene, {}, steeper)]) {
      expect(wrong).toBeGreaterThan(0.04);
    }
  }
});

test('everything leaves the edge and comes down to the floor within the clip', () => {
  for (const scene of scenes) {
    const { y } = exactTracks(scene, world.simulate(scene))[0];
    // Half a frame before or after the contact, at 3 m/s, it is 12 cm higher.
    expect(Math.min(...y)).toBeLessThan(scene.objects[0].size[0] + 0.12);
  }
});

test('a cylinder keeps its axis towards the camera, also after contacts', () => {
  for (const scene of scenes.filter(({ objects }) => objects[0].shape === 'cylinder')) {
    const { positions, rotations } = world.simulate(scene);
    for (let frame = 0; frame < 25; frame++) {
      const [x, y, z, w] = rotations.subarray(frame * 4, frame * 4 + 4);
      expect(Math.abs(turned([x, y, z, w], [0, 1, 0])[2])).toBeGreaterThan(0.999);
      expect(Math.abs(positions[frame * 3 + 2] - scene.objects[0].position[2])).toBeLessThan(0.05);
    }
  }
});
