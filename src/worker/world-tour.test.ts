// The tour shows every family, and the law on a scene's own pixels.

import { expect, test } from 'vitest';
import { parseEvent } from '../protocol/messages.ts';
import { familyNames, createWorld } from '../world/world.ts';
import { worldListed, worldShown } from './world-tour.ts';

test('every family is listed once, as the protocol says', () => {
  const listed = worldListed();
  expect(parseEvent(listed)).toEqual(listed);
  expect(listed.families.map(({ name }) => name)).toEqual(familyNames);
});

test('a scene is shown with its law: gravity, within what a pixel allows', async () => {
  const world = await createWorld();
  const shown = worldShown(world, { kind: 'world.show', family: 'free-fall', split: 'out-of-range', seed: 2 });
  expect(parseEvent(shown)).toEqual(shown);
  expect(shown.law.expected).toBe(9.81);
  expect(Math.abs((shown.law.measured ?? 0) / 9.81 - 1)).toBeLessThan(0.15);
  expect(() => worldShown(world, { kind: 'world.show', family: 'pinball', split: 'seen', seed: 2 })).toThrow('no family');
});
