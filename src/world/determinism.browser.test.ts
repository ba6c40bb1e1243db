// The same seed gives the same bytes in Chromium as everywhere; determinism.test.ts is the other half.

import { expect, test } from 'vitest';
import { fingerprint, fingerprints } from './fingerprints.ts';
import { createWorld } from './world.ts';

test.each(fingerprints)('$split $seed', async ({ split, seed, sha256 }) => {
  expect(await fingerprint(await createWorld(), split, seed)).toBe(sha256);
});
