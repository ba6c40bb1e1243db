// Struck balls go as masses and restitution say, and momentum is kept, in every split and at two time
// steps.

import { beforeAll, expect, test } from 'vitest';
import { exactTracks } from '../exact-tracks.ts';
import { steadySpeed } from '../laws.ts';
import type { Scene } from '../scene.ts';
import { splits } from '../splits.ts';
import { createWorld, type World } from '../world.ts';
import { collision, encounter } from './collision.ts';

let world: World;
let scenes: Scene[];
beforeAll(async () => {
  world = await createWorld();
  scenes = splits.flatMap((split) =>
    Array.from({ length: 8 }, (_, seed) => world.scene('collision', split, seed)));
}, 60_000);

function measured(scene: Scene, run = scene, substeps = 8): number {
  return collision.law.measured(scene, exactTracks(scene, collision.simulate(run, { substeps })));
}

test.each([4, 8])('the struck ball rolls away as the closed form says, with %i steps a frame', (substeps) => {
  for (const scene of scenes) {
    const ratio = measured(scene, scene, substeps) / collision.law.expected(scene);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.06);
  }
});

test.each([4, 8])('the rolling ball comes as fast as the ramp says, with %i steps a frame', (substeps) => {
  for (const scene of scenes) {
    const { side, foot } = scene.parameters ?? {};
    const [one, two] = scene.objects;
    const x = exactTracks(scene, collision.simulate(scene, { substeps }))[0].x.map((at) => side * at);
    const touch = side * two.position[0] - 2 * one.size[0];
    const speed = steadySpeed(x, side * foot + one.size[0] / 2, touch - 0.03);
    expect(Math.abs(speed / encounter(scene).before - 1)).toBeLessThan(0.06);
  }
});

test('another mass or restitution is noticed', () => {
  for (const scene of scenes) {
    const [one, two, ...rest] = scene.objects;
    const heavier = { ...scene, objects: [one, { ...two, density: 2 * two.density }, ...rest] };
    const [dull, other] = [one, two].map((ball) => ({ ...ball, restitution: 0.3 }));
    const duller = { ...scene, objects: [dull, other, ...rest] };
    for (const wrong of [heavier, duller]) {
      expect(Math.abs(measured(scene) / collision.law.expected(wrong) - 1)).toBeGreaterThan(0.08);
    }
  }
});

test('a ball that is passed through and stays does not satisfy the law', () => {
  const [scene] = scenes;
  const [one, two, ...rest] = exactTracks(scene, world.simulate(scene));
  const still = { ...two, x: two.x.map(() => two.x[0]) };
  expect(collision.law.measured(scene, [one, still, ...rest])).toBeNaN();
});
