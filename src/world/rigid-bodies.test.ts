// Motion against physics: the closed form of a fall, energy, restitution in order, rest at the end; and that a
// wrong gravity or a driven body would be noticed.

import { beforeAll, describe, expect, test } from 'vitest';
import { fallLength, fallRatio, fitGravity, largestEnergyRise } from '../metrics/laws.ts';
import { materials } from './materials.ts';
import { framesPerSecond, gravity, type Scene, type SceneObject, type Trajectory } from './scene.ts';
import { materialNames, type MaterialName } from './splits.ts';
import { createWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 60_000);

const radius = 0.2;

/** A ball of a material, its lowest point at a height above the floor. */
function ballScene(height: number, material: MaterialName = 'rubber'): Scene {
  const { restitution, friction, density } = materials[material];
  const ball: SceneObject = {
    label: 1, moves: true, shape: 'sphere', material, size: [radius, 0, 0], position: [0, height + radius, 0],
    rotation: [0, 0, 0, 1], colour: [1, 0, 0], restitution, friction, density,
  };
  return { ...world.scene('free-fall', 'wide', 0), objects: [ball] };
}

/** Heights of the lowest point of the first ball, by frame. */
function heightsOf({ positions, objects, frames }: Trajectory): number[] {
  return Array.from({ length: frames }, (_, frame) => positions[frame * objects * 3 + 1] - radius);
}

const times = Array.from({ length: 25 }, (_, frame) => frame / framesPerSecond);

describe('free fall', () => {
  test.each([4, 8])('follows h - g t^2 / 2 with %i steps a frame', (substeps) => {
    const heights = heightsOf(world.simulate(ballScene(1.4), { substeps }));
    for (let frame = 0; frame <= 6; frame++) {
      const exact = 1.4 - (gravity / 2) * times[frame] * times[frame];
      expect(Math.abs(heights[frame] - exact)).toBeLessThan(1e-5);
    }
  });

  test('g fitted to the fall is g; another gravity is noticed', () => {
    const fit = (pull: number) => {
      const heights = heightsOf(world.simulate(ballScene(1.4), { gravity: pull }));
      const length = fallLength(heights, 1e-4);
      expect(length).toBeGreaterThan(5);
      return fitGravity(times.slice(0, length), heights.slice(0, length));
    };
    expect(Math.abs(fit(gravity) - gravity)).toBeLessThan(0.01);
    expect(Math.abs(fit(6) - gravity)).toBeGreaterThan(3);
  });

  test('t1^2 / t2^2 = h1 / h2 for the moments of contact', () => {
    const contact = (height: number) => {
      const heights = heightsOf(world.simulate(ballScene(height)));
      // From the last frame but one of the fall, the rest by its speed.
      const before = fallLength(heights, 1e-4) - 2;
      const t = times[before];
      const speed = gravity * t;
      const rest = heights[before];
      return t + (Math.sqrt(speed * speed + 2 * gravity * rest) - speed) / gravity;
    };
    expect(fallRatio([contact(1.5), 1.5], [contact(0.7), 0.7])).toBeCloseTo(1, 4);
    expect(fallRatio([contact(1.5), 1.5], [contact(0.7), 0.9])).not.toBeCloseTo(1, 1);
  });
});

describe('contacts', () => {
  test('bounce higher the more restitution the material has, and never above the start', () => {
    const rebounds = materialNames.map((material) => {
      const heights = heightsOf(world.simulate(ballScene(1.2, material)));
      const contact = heights.findIndex((height) => height < 0.15);
      return { restitution: materials[material].restitution, height: Math.max(...heights.slice(contact + 1)) };
    }).toSorted((a, b) => a.restitution - b.restitution);
    for (let i = 1; i < rebounds.length; i++) {
      expect(rebounds[i].height).toBeGreaterThan(rebounds[i - 1].height - 1e-3);
    }
    const best = rebounds[rebounds.length - 1];
    expect(best.height).toBeGreaterThan(0.6 * 1.2);
    expect(best.height).toBeLessThan(0.8 * 0.8 * 1.2 + 0.02);
  });

  test('energy does not rise beyond what undoing a contact\'s overlap gives', () => {
    for (let seed = 0; seed < 16; seed++) {
      const scene = world.scene('free-fall', 'wide', seed);
      expect(largestEnergyRise(world.simulate(scene).energy)).toBeLessThan(0.04);
    }
  });

  test('nothing sinks into the floor by more than 2 cm', () => {
    for (const material of materialNames) {
      expect(Math.min(...heightsOf(world.simulate(ballScene(1.5, material))))).toBeGreaterThan(-0.02);
    }
  });

  test('the same scene moves the same, however often', () => {
    const scene = world.scene('free-fall', 'wide', 3);
    const again: Scene = JSON.parse(JSON.stringify(scene));
    expect(world.simulate(again)).toEqual(world.simulate(scene));
  });
});
