// The tiles of matrix products and convolutions that go through workgroup memory: consts of shaders/linear/staged.wgsl and
// shaders/convolution/staged.wgsl.

import type { Candidate, Candidates } from './variants.ts';

/** A workgroup of THREADS x THREADS x PARTS computes (4 THREADS)^2 outputs; each part sums DEPTH of every step. */
export interface StagedTile extends Record<string, number> {
  readonly THREADS: number;
  readonly DEPTH: number;
  readonly PARTS: number;
}

const tiles = {
  staged: { THREADS: 8, DEPTH: 16, PARTS: 1 },
  'staged-wide': { THREADS: 16, DEPTH: 16, PARTS: 1 },
  'staged-split': { THREADS: 8, DEPTH: 8, PARTS: 4 },
} as const;

/** A candidate for each of the tiles. */
export function stagedWays(candidate: (tile: StagedTile) => Candidate): Candidates {
  return Object.fromEntries(Object.entries(tiles).map(([name, tile]) => [name, () => candidate(tile)]));
}
