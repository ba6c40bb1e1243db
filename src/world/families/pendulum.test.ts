// Periods by the elliptic integral, the rod's length, and energy, in every split and at two time steps.

import { beforeAll, expect, test } from 'vitest';
import { exactTracks } from '../exact-tracks.ts';
import { gravity, type Scene } from '../scene.ts';
import { splits } from '../splits.ts';
import { createWorld, type World } from '../world.ts';
import { pendulum, periodOf } from './pendulum.ts';

let world: World;
let scenes: Scene[];
beforeAll(async () => {
  world = await createWorld();
  scenes = splits.flatMap((split) =>
    Array.from({ length: 6 }, (_, seed) => world.scene('pendulum', split, seed)));
}, 60_000);

function error(scene: Scene, options: { substeps?: number; gravity?: number }, by = scene): number {
  const measured = pendulum.law.measured(scene, exactTracks(scene, pendulum.simulate(scene, options)));
  return Math.abs(measured / pendulum.law.expected(by) - 1);
}

test.each([4, 8])('T by the elliptic integral, with %i steps a frame', (substeps) => {
  for (const scene of scenes) expect(error(scene, { substeps })).toBeLessThan(0.001);
});

test('the closed form is the series in the angle', () => {
  for (const scene of scenes) {
    const { length, sine } = scene.parameters ?? {};
    const [radius] = scene.objects[0].size;
    const angle = Math.asin(sine);
    const small = 2 * Math.PI * Math.sqrt((length * length + 0.4 * radius * radius) / (gravity * length));
    const series = 1 + angle ** 2 / 16 + (11 * angle ** 4) / 3072 + (173 * angle ** 6) / 737280;
    expect(periodOf(scene) / (small * series)).toBeCloseTo(1, 4);
  }
});

test('another gravity or length is noticed, and the angle is not left out', () => {
  for (const scene of scenes) {
    const { length = 0 } = scene.parameters ?? {};
    const longer = { ...scene, parameters: { ...scene.parameters, length: 1.05 * length } };
    const small = { ...scene, parameters: { ...scene.parameters, sine: 0 } };
    expect(error(scene, { gravity: 9 })).toBeGreaterThan(0.03);
    expect(error(scene, {}, longer)).toBeGreaterThan(0.015);
    expect(error(scene, {}, small)).toBeGreaterThan(0.003);
  }
});

test('the rod joins pivot and bob in every frame, and energy is kept', () => {
  for (const scene of scenes) {
    const { positions, energy, objects } = world.simulate(scene);
    const { length, pivot } = scene.parameters ?? {};
    const [, , rod] = scene.objects;
    const height = scene.joints?.[0].otherAnchor[1] ?? NaN;
    const swing = energy[0] - Math.min(...energy);
    expect(swing / energy[0]).toBeLessThan(0.01);
    for (let frame = 0; frame < 25; frame++) {
      const at = frame * objects * 3;
      expect(Math.hypot(positions[at] - pivot, positions[at + 1] - height)).toBeCloseTo(length, 3);
      expect(Math.hypot(positions[at + 3] - pivot, positions[at + 4] - height)).toBeCloseTo(rod.size[1], 3);
    }
  }
});
