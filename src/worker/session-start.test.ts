// Which model the page's adapter is given.
import { expect, test } from 'vitest';
import { sizeFor } from './session-start.ts';

const adapter = { vendor: 'v', architecture: 'a', description: '', software: false, features: [] };

test('small where a GPU computes; nano on a software adapter and on the processor', () => {
  expect(sizeFor({ noGpu: null, adapterInfo: adapter })).toBe('small');
  expect(sizeFor({ noGpu: null, adapterInfo: { ...adapter, software: true } })).toBe('nano');
  expect(sizeFor({ noGpu: 'the browser has none.', adapterInfo: adapter })).toBe('nano');
});
