import { expect, test } from 'vitest';
import { heldOutSeed, heldOutSources, isHeldOut } from './evaluation-work.ts';

test('held-out scenes are spread over families and over both splits, and are held out', () => {
  const sources = heldOutSources(8, ['free-fall', 'slide', 'heat', 'glass']);
  expect(sources.map(({ split }) => split)).toEqual([...Array(4).fill('seen'), ...Array(4).fill('unseen')]);
  expect(sources.slice(0, 4).map(({ family }) => family)).toEqual(['free-fall', 'slide', 'heat', 'glass']);
  expect(sources.slice(4).map(({ family }) => family)).toEqual(['free-fall', 'slide', 'heat', 'glass']);
  expect(sources.map(({ seed }) => seed - heldOutSeed)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(sources.every(isHeldOut)).toBe(true);
  expect(heldOutSources(4, ['free-fall']).map(({ family }) => family)).toEqual(Array(4).fill('free-fall'));
});
