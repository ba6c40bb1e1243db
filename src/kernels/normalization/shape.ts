// Shapes that layer norm's forward pass and gradients share.

import type { NormalizationShape } from './oracle.ts';

/** Rows, channels and groups of x [B, .., C] with scale [groups, C]. Throws when they do not fit. */
export function normalizationShape(x: number[], scale: number[]): NormalizationShape {
  const channels = x[x.length - 1];
  const rows = x.slice(0, -1).reduce((product, length) => product * length, 1);
  const [groups, width] = scale;
  if (scale.length !== 2 || width !== channels || (groups !== 1 && groups !== x[0])) {
    const wanted = `[1, ${channels}] or [${x[0]}, ${channels}]`;
    throw new Error(`layerNorm of x [${x}] needs scale and shift ${wanted}, got [${scale}].`);
  }
  return { rows, channels, groups };
}
