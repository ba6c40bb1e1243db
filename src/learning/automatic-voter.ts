/**
 * The automatic voter: ranks two clips of a simulated scene by the strict metric against the world's truth,
 * as the proxy task of PhysMaster does (a fall from rest is decided by its first frame).
 *
 * The strict L2 counts a frame without its object as the largest error, so that a clip cannot win by deleting
 * it. Clips that are closer than the margin are a tie: what separates them is noise of tracker and decoder.
 */
import { evaluateClip } from '../metrics/evaluate.ts';
import type { ClipScores } from '../metrics/evaluate.ts';
import type { KnownClip } from '../metrics/tracker.ts';

export interface Verdict {
  /** The better clip; null: too close to call. */
  readonly chosen: 'a' | 'b' | null;
  readonly scores: { readonly a: ClipScores; readonly b: ClipScores };
}

/** Smallest difference of strict L2 that decides. */
export const defaultMargin = 0.003;

/** Ranks clips u8 [T, H, W, 3] of one scene. */
export function rankClips(
  a: Uint8Array, b: Uint8Array, truth: KnownClip, margin = defaultMargin,
): Verdict {
  const scores = { a: evaluateClip(a, truth), b: evaluateClip(b, truth) };
  return { chosen: verdictOf(scores.a.strictL2, scores.b.strictL2, margin), scores };
}

/** Which of two errors is smaller by at least the margin. */
export function verdictOf(errorA: number, errorB: number, margin: number): 'a' | 'b' | null {
  if (Math.abs(errorA - errorB) < margin) return null;
  return errorA < errorB ? 'a' : 'b';
}
