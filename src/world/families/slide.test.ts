// Boxes slide as their angle and friction say, in every split and at two time steps.

import { beforeAll, expect, test } from 'vitest';
import { exactTracks } from '../exact-tracks.ts';
import type { Scene } from '../scene.ts';
import { splits } from '../splits.ts';
import { createWorld, type World } from '../world.ts';
import { slide } from './slide.ts';

let world: World;
let scenes: Scene[];
beforeAll(async () => {
  world = await createWorld();
  scenes = splits.flatMap((split) =>
    Array.from({ length: 8 }, (_, seed) => world.scene('slide', split, seed)));
}, 60_000);

/** Relative error of the law on the true motion. */
function error(scene: Scene, options: { substeps?: number; gravity?: number }, by = scene): number {
  const measured = slide.law.measured(scene, exactTracks(scene, slide.simulate(scene, options)));
  return Math.abs(measured / slide.law.expected(by) - 1);
}

test.each([4, 8])('a = g (sin - mu cos) with %i steps a frame', (substeps) => {
  for (const scene of scenes) expect(error(scene, { substeps })).toBeLessThan(0.02);
});

test('another gravity, friction or angle is noticed', () => {
  for (const scene of scenes) {
    const [box, ...rest] = scene.objects;
    const rougher = { ...scene, objects: [{ ...box, friction: box.friction + 0.2 }, ...rest] };
    const { sine = 0 } = scene.parameters ?? {};
    const steeper = { ...scene, parameters: { ...scene.parameters, sine: sine + 0.1 } };
    for (const [options, by] of [[{ gravity: 8 }, scene], [{}, rougher], [{}, steeper]] as const) {
      expect(error(scene, options, by)).toBeGreaterThan(0.04);
    }
  }
});
