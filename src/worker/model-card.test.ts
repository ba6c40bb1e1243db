import { expect, test } from 'vitest';
import { trainedFamilies } from './model-card.ts';

test('families come from the model\'s description, in the order of the world; unknown names are left out', () => {
  expect(trainedFamilies({ description: { families: ['slide', 'no-such', 'bouncing'] } }))
    .toEqual(['bouncing', 'slide']);
  expect(trainedFamilies({ description: {} })).toEqual(['free-fall']);
  expect(trainedFamilies({ description: { families: 'slide' } })).toEqual(['free-fall']);
});
