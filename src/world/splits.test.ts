// The held-out rule: a quarter of the combinations, every attribute value on both sides, and scenes that obey it.

import { beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../math/random.ts';
import {
  allowedIn, combinationCode, combinationCount, isHeldOut, materialNames, sceneStream, shapes, splits, supports,
  type Combination,
} from './splits.ts';
import { createWorld, type World } from './world.ts';

const all: Combination[] = shapes.flatMap((shape) => materialNames.flatMap((material) =>
  [0, 1, 2].flatMap((sizeBin) => [0, 1, 2].flatMap((heightBin) =>
    supports.map((support) => ({ shape, material, sizeBin, heightBin, support }))))));

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 60_000);

describe('splits', () => {
  test('codes are a numbering of all combinations', () => {
    expect(all.length).toBe(combinationCount);
    expect(new Set(all.map(combinationCode)).size).toBe(combinationCount);
    expect(Math.max(...all.map(combinationCode))).toBe(combinationCount - 1);
  });

  test('about a quarter is held out, and every value of every attribute is on both sides', () => {
    const heldOut = all.filter(isHeldOut);
    expect(heldOut.length / all.length).toBeGreaterThan(0.23);
    expect(heldOut.length / all.length).toBeLessThan(0.27);
    for (const side of [heldOut, all.filter((combination) => !isHeldOut(combination))]) {
      expect(new Set(side.map(({ shape }) => shape)).size).toBe(shapes.length);
      expect(new Set(side.map(({ material }) => material)).size).toBe(materialNames.length);
      expect(new Set(side.map(({ sizeBin }) => sizeBin)).size).toBe(3);
      expect(new Set(side.map(({ heightBin }) => heightBin)).size).toBe(3);
      expect(new Set(side.map(({ support }) => support)).size).toBe(2);
      // So is every pair of shape and material, of which people speak.
      expect(new Set(side.map(({ shape, material }) => shape + material)).size).toBe(30);
    }
  });

  test('train and seen never contain a held-out combination, unseen nothing else', () => {
    for (const split of splits) {
      for (let seed = 0; seed < 10; seed++) {
        for (const object of world.scene('free-fall', split, seed).objects) {
          if (!object.combination) continue;
          expect(allowedIn(split, object.combination)).toBe(true);
          if (split === 'unseen') expect(isHeldOut(object.combination)).toBe(true);
          if (split === 'train' || split === 'seen') expect(isHeldOut(object.combination)).toBe(false);
        }
      }
    }
  });

  test('splits draw from streams of their own', () => {
    const streams = splits.flatMap((split) => [0, 1, 1999].map((attempt) => sceneStream(split, attempt)));
    expect(new Set(streams).size).toBe(streams.length);
    const first = splits.map((split) => new Random(7, sceneStream(split, 0)).uint32());
    expect(new Set(first).size).toBe(splits.length);
    const scenes = splits.map((split) => JSON.stringify(world.scene('free-fall', split, 7).objects));
    expect(new Set(scenes).size).toBe(splits.length);
  });
});
