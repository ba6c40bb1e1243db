// What holds for every family: splits and prompts as promised, in view, the same however often, and the law as it
// can be read off the pixels.

import { beforeAll, describe, expect, test } from 'vitest';
import { families } from './families.ts';
import { clipFrames, frameSize, labelsOf, type Clip, type Scene, type Trajectory } from './scene.ts';
import { binsAllowedIn, splits } from './splits.ts';
import { tracksOf } from './tracks.ts';
import { createWorld, type World } from './world.ts';

const area = frameSize * frameSize;
const seeds = [0, 1, 2, 3, 4, 5];
/** Median relative error of the law as measured on true pixels: what a pixel of 4 cm allows. */
const lawTolerance = 0.15;

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 60_000);

test('names and numbers are each family\'s own', () => {
  expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
  expect(new Set(families.map(({ number }) => number)).size).toBe(families.length);
});

describe.each(families)('$name', (family) => {
  let made: { scene: Scene; trajectory: Trajectory; clip: Clip }[];
  beforeAll(() => {
    made = seeds.map((seed) => {
      const scene = world.scene(family.name, seed % 2 === 0 ? 'train' : 'unseen', seed);
      const trajectory = world.simulate(scene);
      return { scene, trajectory, clip: world.render(scene, trajectory) };
    });
  }, 120_000);

  test('every split has scenes, of the bins that it may have', () => {
    for (const split of splits) {
      const scene = world.scene(family.name, split, 40);
      expect(scene).toMatchObject({ family: family.name, domain: family.domain, split, seed: 40 });
      if (scene.bins) expect(binsAllowedIn(split, Object.values(scene.bins))).toBe(true);
      expect(scene.bins !== undefined || scene.objects.some(({ combination }) => combination)).toBe(true);
    }
  });

  test('the prompt is one sentence that begins with the domain', () => {
    const prefix = { rigid: 'Rigid, ', fluid: 'Fluid, ', thermal: 'Thermal, ', optics: 'Optics, ' }[family.domain];
    for (const { scene } of made) {
      expect(scene.prompt.startsWith(prefix)).toBe(true);
      expect(scene.prompt).not.toMatch(/[.;\n]|undefined|NaN/);
    }
  });

  test('numbers are finite, labels count from 1 and are on the picture in frame 0', () => {
    for (const { scene, trajectory, clip } of made) {
      const { positions, rotations, sizes, colours, energy } = trajectory;
      for (const values of [positions, rotations, sizes ?? [], colours ?? [], energy]) {
        expect([...values].every(Number.isFinite)).toBe(true);
      }
      expect(trajectory.frames).toBe(clipFrames);
      expect(trajectory.objects).toBe(scene.objects.filter(({ moves }) => moves).length);
      const labels = labelsOf(scene);
      expect(labels).toEqual(labels.map((_, index) => index + 1));
      for (const label of labels) {
        expect(clip.masks.subarray(0, area).filter((value) => value === label).length).toBeGreaterThan(11);
      }
    }
  });

  test('something happens: the last frame differs from the first', () => {
    for (const { scene, clip: { frames } } of made) {
      const first = frames.subarray(0, area * 3);
      const last = frames.subarray((clipFrames - 1) * area * 3);
      const changed = first.reduce((sum, value, i) => sum + (Math.abs(value - last[i]) > 12 ? 1 : 0), 0);
      if (changed < 60) throw new Error(`${family.name}, seed ${scene.seed}: ${changed} bytes changed.`);
    }
  });

  test('the same seed gives the same scene and motion, another seed another', () => {
    const again = world.scene(family.name, 'train', 0);
    expect(again).toEqual(made[0].scene);
    const copy: Scene = JSON.parse(JSON.stringify(again));
    expect(world.simulate(copy)).toEqual(made[0].trajectory);
    expect(JSON.stringify(world.scene(family.name, 'train', 2).objects)).not.toBe(JSON.stringify(again.objects));
  });

  test('the law can be read off the true pixels, and not off a still picture', () => {
    const errors = made.map(({ scene, clip }) => {
      const expected = family.law.expected(scene);
      return Math.abs(family.law.measured(scene, tracksOf(scene, clip.frames, clip.masks)) / expected - 1);
    }).filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
    expect(errors.length).toBeGreaterThanOrEqual(seeds.length / 2);
    expect(errors[errors.length >> 1]).toBeLessThan(lawTolerance);
    const { scene, clip } = made[0];
    const still = {
      frames: clip.frames.map((_, i) => clip.frames[i % (area * 3)]),
      masks: clip.masks.map((_, i) => clip.masks[i % area]),
    };
    const stillness = family.law.measured(scene, tracksOf(scene, still.frames, still.masks));
    expect(Math.abs(stillness / family.law.expected(scene) - 1) < lawTolerance).toBe(false);
  });
});
