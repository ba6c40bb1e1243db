// Balls bounce as their restitution says: by the energy between contacts, in every split and at two time
// steps.

import { beforeAll, expect, test } from 'vitest';
import { exactTracks } from '../exact-tracks.ts';
import { gravity, type Scene } from '../scene.ts';
import { splits } from '../splits.ts';
import { createWorld, type World } from '../world.ts';
import { bouncing } from './bouncing.ts';

let world: World;
let scenes: Scene[];
beforeAll(async () => {
  world = await createWorld();
  scenes = splits.flatMap((split) =>
    Array.from({ length: 6 }, (_, seed) => world.scene('bouncing', split, seed)));
}, 60_000);

/** Heights that the ball's energy is worth before and after the first contact; in flight they stay. */
function levels(scene: Scene, substeps: number): number[] {
  const { density, size: [radius] } = scene.objects[0];
  const weight = density * (4 / 3) * Math.PI * radius * radius * radius * gravity;
  const contact = (scene.parameters?.ground ?? 0) + radius;
  const { energy } = bouncing.simulate(scene, { substeps });
  const heights = Array.from(energy, (value) => value / weight - contact);
  return [heights[0], heights.find((height) => height < heights[0] - 0.05) ?? NaN];
}

test.each([4, 8])('a bounce keeps the square of the restitution, with %i steps a frame', (substeps) => {
  for (const scene of scenes) {
    const [fall, bounce] = levels(scene, substeps);
    expect(Math.abs(bounce / fall / bouncing.law.expected(scene) - 1)).toBeLessThan(0.06);
  }
});

test('shorter steps come nearer to it', () => {
  const mean = (substeps: number) => scenes.reduce((sum, scene) => {
    const [fall, bounce] = levels(scene, substeps);
    return sum + Math.abs(bounce / fall / bouncing.law.expected(scene) - 1) / scenes.length;
  }, 0);
  expect(mean(8)).toBeLessThan(mean(4));
});

test('the law measures it on the true motion, and notices another restitution', () => {
  for (const scene of scenes) {
    const measured = bouncing.law.measured(scene, exactTracks(scene, world.simulate(scene)));
    expect(Math.abs(measured / bouncing.law.expected(scene) - 1)).toBeLessThan(0.08);
    const [ball, ...rest] = scene.objects;
    const duller = { ...scene, objects: [{ ...ball, restitution: 0.85 * ball.restitution }, ...rest] };
    const wrong = bouncing.law.measured(scene, exactTracks(scene, bouncing.simulate(duller)));
    expect(Math.abs(wrong / bouncing.law.expected(scene) - 1)).toBeGreaterThan(0.15);
  }
});
