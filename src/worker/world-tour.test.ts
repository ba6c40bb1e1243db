// The tour shows every family, and the law on a scene's own pixels.

import { expect, test } from 'vitest';
import { parseEvent } from '../protocol/messages.ts';
import { familyNames, createWorld } from '../world/world.ts';
import { answerWith, worldListed, worldShown } from './world-tour.ts';

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

test('listed scenes take the families in turn; one that there is not is refused', async () => {
  const world = await createWorld();
  const request = { kind: 'scene.list', split: 'train', firstSeed: 3, count: 3 } as const;
  const listed = await answerWith(world, { ...request, families: ['slide', 'heat'] });
  expect(listed.kind === 'scene.listed' && listed.scenes.map(({ source }) => [source.family, source.seed]))
    .toEqual([['heat', 3], ['slide', 4], ['heat', 5]]);
  await expect(answerWith(world, { ...request, families: ['no-such'] })).rejects.toThrow(RangeError);
});
