import { expect, test } from 'vitest';
import { sceneSentence } from './scene-sentence.ts';

test('the domain in front is left out, and nothing else is changed', () => {
  expect(sceneSentence('Rigid, a clay box falls onto tiles')).toBe('A clay box falls onto tiles');
  expect(sceneSentence('holiday, 2019.png')).toBe('holiday, 2019.png');
});
