// The shape check that the gated sum and its gradients share.

import type { GatedShape } from './oracle.ts';

/** Batch, tokens and channels of x [B, L, C] with gate [B, C]. Throws when they do not fit. */
export function gatedShape(x: number[], gate: number[]): GatedShape {
  const [batch, tokens, channels] = x;
  if (x.length !== 3 || gate.length !== 2 || gate[0] !== batch || gate[1] !== channels) {
    throw new Error(`gatedAdd needs x and y [B, L, C] and gate [B, C], got [${x}] and [${gate}].`);
  }
  return { batch, tokens, channels };
}
