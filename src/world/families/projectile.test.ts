// Thrown balls keep their speed along the floor and fall as g says, in every split and at two time steps.

import { beforeAll, expect, test } from 'vitest';
import { exactTracks } from '../exact-tracks.ts';
import { framesPerSecond, gravity, type Scene } from '../scene.ts';
import { splits } from '../splits.ts';
import { createWorld, type World } from '../world.ts';
import { projectile } from './projectile.ts';

let world: World;
let scenes: Scene[];
beforeAll(async () => {
  world = await createWorld();
  scenes = splits.flatMap((split) =>
    Array.from({ length: 8 }, (_, seed) => world.scene('projectile', split, seed)));
}, 60_000);

test.each([4, 8])('the speed along the floor is the launch\'s, with %i steps a frame', (substeps) => {
  for (const scene of scenes) {
    const tracks = exactTracks(scene, projectile.simulate(scene, { substeps }));
    const measured = projectile.law.measured(scene, tracks);
    expect(Math.abs(measured / projectile.law.expected(scene) - 1)).toBeLessThan(0.01);
  }
});

test.each([4, 8])('the first frames are the parabola, with %i steps a frame', (substeps) => {
  for (const scene of scenes) {
    const [{ x, y }] = exactTracks(scene, projectile.simulate(scene, { substeps }));
    const [along = 0, up = 0] = scene.objects[0].velocity ?? [];
    for (let frame = 0; frame < 4; frame++) {
      const t = frame / framesPerSecond;
      expect(x[frame]).toBeCloseTo(scene.objects[0].position[0] + along * t, 4);
      expect(y[frame]).toBeCloseTo(scene.objects[0].position[1] + up * t - (gravity / 2) * t * t, 4);
    }
  }
});

test('another compression or tilt is noticed', () => {
  for (const scene of scenes) {
    const tracks = exactTracks(scene, world.simulate(scene));
    const { compression = 0, sine = 0 } = scene.parameters ?? {};
    for (const wrong of [{ compression: 1.15 * compression, sine }, { compression, sine: sine - 0.1 }]) {
      const other = { ...scene, parameters: { ...scene.parameters, ...wrong } };
      const ratio = projectile.law.measured(scene, tracks) / projectile.law.expected(other);
      expect(Math.abs(ratio - 1)).toBeGreaterThan(0.1);
    }
  }
});

test('the plunger is out by the compression at first, and in from the next frame on', () => {
  for (const scene of scenes) {
    const { positions, objects } = world.simulate(scene);
    const knob = (frame: number) =>
      positions.subarray((frame * objects + objects - 1) * 3, (frame * objects + objects) * 3);
    const moved = Math.hypot(knob(1)[0] - knob(0)[0], knob(1)[1] - knob(0)[1]);
    expect(moved).toBeCloseTo(scene.parameters?.compression ?? NaN, 5);
    expect([...knob(24)]).toEqual([...knob(1)]);
  }
});
