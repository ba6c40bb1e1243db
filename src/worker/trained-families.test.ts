// Which families a model knows, and how what depends on them is spread over them.
import { expect, test } from 'vitest';
import { createWorld } from '../world/world.ts';
import { domainOf } from './domain-of.ts';
import { heldOutSeed, heldOutSources, isHeldOut } from './evaluation-work.ts';
import { trainedFamilies } from './model-card.ts';
import { answerWith } from './world-tour.ts';

test('families come from the model\'s description, in the order of the world; unknown names are left out', () => {
  expect(trainedFamilies({ description: { families: ['slide', 'no-such', 'bouncing'] } }))
    .toEqual(['bouncing', 'slide']);
  expect(trainedFamilies({ description: {} })).toEqual(['free-fall']);
  expect(trainedFamilies({ description: { families: 'slide' } })).toEqual(['free-fall']);
});

test('held-out scenes are spread over families and over both splits, and are held out', () => {
  const sources = heldOutSources(8, ['free-fall', 'slide', 'heat', 'glass']);
  expect(sources.map(({ split }) => split)).toEqual([...Array(4).fill('seen'), ...Array(4).fill('unseen')]);
  expect(sources.slice(0, 4).map(({ family }) => family)).toEqual(['free-fall', 'slide', 'heat', 'glass']);
  expect(sources.slice(4).map(({ family }) => family)).toEqual(['free-fall', 'slide', 'heat', 'glass']);
  expect(sources.map(({ seed }) => seed - heldOutSeed)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(sources.every(isHeldOut)).toBe(true);
  expect(heldOutSources(4, ['free-fall']).map(({ family }) => family)).toEqual(Array(4).fill('free-fall'));
});

test('listed scenes take the families in turn; one that there is not is refused', async () => {
  const world = await createWorld();
  const request = { kind: 'scene.list', split: 'train', firstSeed: 3, count: 3 } as const;
  const listed = await answerWith(world, { ...request, families: ['slide', 'heat'] });
  expect(listed.kind === 'scene.listed' && listed.scenes.map(({ source }) => [source.family, source.seed]))
    .toEqual([['heat', 3], ['slide', 4], ['heat', 5]]);
  await expect(answerWith(world, { ...request, families: ['no-such'] })).rejects.toThrow(RangeError);
});

test('a scene tells its domain, a visitor\'s image tells none', () => {
  expect(domainOf({ kind: 'scene', family: 'heat', split: 'train', seed: 1 })).toBe('thermal');
  expect(domainOf({ kind: 'image', name: 'cat.png', image: { pixels: new Uint8Array(3), shape: [1, 1] } }))
    .toBe('none');
});
