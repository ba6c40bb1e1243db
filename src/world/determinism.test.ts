// The same seed gives the same bytes in Node as everywhere; determinism.browser.test.ts is the other half.

import { expect, test } from 'vitest';
import { fingerprint, fingerprints } from './fingerprints.ts';
import { createWorld } from './world.ts';

test.each(fingerprints)('$split $seed', async ({ split, seed, sha256 }) => {
  const world = await createWorld();
  expect(await fingerprint(world, split, seed)).toBe(sha256);
  expect(await fingerprint(world, split, seed + 1)).not.toBe(sha256);
});
