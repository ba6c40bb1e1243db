import { expect, test } from 'vitest';
import { domainOf } from './domain-of.ts';

test('a scene tells its domain, a visitor\'s image tells none', () => {
  expect(domainOf({ kind: 'scene', family: 'heat', split: 'train', seed: 1 })).toBe('thermal');
  expect(domainOf({ kind: 'image', name: 'cat.png', image: { pixels: new Uint8Array(3), shape: [1, 1] } }))
    .toBe('none');
});
