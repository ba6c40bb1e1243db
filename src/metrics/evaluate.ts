// Scores a video against the true motion of its scene: track the dropped objects in it, compare with the
// renderer's masks, and take the mean over the objects. Frames u8 [T, H, W, 3].

import { bootstrapInterval, mean, type Interval } from '../math/statistics.ts';
import { centresOf, pathLength, scoreMasks, type MaskScores } from './masks.ts';
import { trackObjects, type KnownClip } from './tracker.ts';

export interface ClipScores extends MaskScores {
  /** Path length of the tracked objects in widths of the picture. */
  motion: number;
}

export const scoreNames = [
  'l2', 'strictL2', 'chamfer', 'strictChamfer', 'iou', 'survival', 'motion',
] as const satisfies readonly (keyof ClipScores)[];

/** Mean of the values that are numbers; NaN when none is. */
function meanOfKnown(values: number[]): number {
  return mean(values.filter((value) => !Number.isNaN(value)));
}

/** Scores masks (from a tracker or elsewhere) against the truth, averaged over the dropped objects. */
export function scoreTrackedMasks(predicted: Uint8Array, truth: KnownClip): ClipScores {
  const { height, width, masks, labels } = truth;
  const frames = masks.length / (height * width);
  const scores = labels.map((label): ClipScores => ({
    ...scoreMasks({ predicted, truth: masks, frames, height, width, label }),
    motion: pathLength(centresOf(predicted, frames, height, width, label), width),
  }));
  const average = (name: keyof ClipScores) => meanOfKnown(scores.map((score) => score[name]));
  return {
    l2: average('l2'),
    strictL2: average('strictL2'),
    chamfer: average('chamfer'),
    strictChamfer: average('strictChamfer'),
    iou: average('iou'),
    survival: average('survival'),
    motion: average('motion'),
  };
}

/**
 * Scores a video of a known scene.
 * @param frames u8 [T, H, W, 3], as long as the truth
 * @throws RangeError when the sizes differ
 */
export function evaluateClip(frames: Uint8Array, truth: KnownClip): ClipScores {
  if (frames.length !== truth.masks.length * 3) {
    throw new RangeError(`The video has ${frames.length} bytes, its truth needs ${truth.masks.length * 3}.`);
  }
  return scoreTrackedMasks(trackObjects(frames, truth), truth);
}

/** The first frame repeated for a whole clip: the baseline without motion. */
export function stillClip(firstFrame: Uint8Array, frames: number): Uint8Array {
  const out = new Uint8Array(firstFrame.length * frames);
  for (let frame = 0; frame < frames; frame++) out.set(firstFrame, frame * firstFrame.length);
  return out;
}

/**
 * Every score with its mean, bootstrap 95 % interval and n over clips; clips without a value are left out.
 */
export function summariseScores(clips: ClipScores[], seed = 0): Record<keyof ClipScores, Interval> {
  const interval = (name: keyof ClipScores) =>
    bootstrapInterval(clips.map((clip) => clip[name]).filter((value) => !Number.isNaN(value)), { seed });
  return {
    l2: interval('l2'),
    strictL2: interval('strictL2'),
    chamfer: interval('chamfer'),
    strictChamfer: interval('strictChamfer'),
    iou: interval('iou'),
    survival: interval('survival'),
    motion: interval('motion'),
  };
}
