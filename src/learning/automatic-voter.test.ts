// The automatic voter: the truth beats a clip that never moves, and what is too close is a tie.
import { beforeAll, expect, test } from 'vitest';
import { stillClip } from '../metrics/evaluate.ts';
import { createWorld } from '../world/world.ts';
import { rankClips, verdictOf } from './automatic-voter.ts';
import { signalToNoise } from './evaluation.ts';
import { sceneTruth } from './scene-truth.ts';
import type { SceneTruth } from './scene-truth.ts';

let known: SceneTruth;
beforeAll(async () => {
  known = sceneTruth(await createWorld(), 'free-fall', 'train', 2);
}, 60_000);

test('the smaller error wins by the margin, else it is a tie', () => {
  expect(verdictOf(0.1, 0.2, 0.05)).toBe('a');
  expect(verdictOf(0.2, 0.1, 0.05)).toBe('b');
  expect(verdictOf(0.1, 0.12, 0.05)).toBeNull();
});

test('the true clip beats the first frame repeated, on either side', () => {
  const still = stillClip(known.image, 25);
  expect(rankClips(known.frames, still, known.truth).chosen).toBe('a');
  expect(rankClips(still, known.frames, known.truth).chosen).toBe('b');
  expect(rankClips(still, still, known.truth).chosen).toBeNull();
});

test('a clip whose object is deleted loses, although the published metric cannot tell', () => {
  const deleted = stillClip(known.truth.plate, 25);
  const { chosen, scores } = rankClips(stillClip(known.image, 25), deleted, known.truth);
  expect(chosen).toBe('a');
  expect(scores.b.l2).toBeNaN();
});

test('signal to noise of a known error', () => {
  expect(signalToNoise(Uint8Array.of(10, 20), Uint8Array.of(11, 21))).toBeCloseTo(20 * Math.log10(255), 9);
});
