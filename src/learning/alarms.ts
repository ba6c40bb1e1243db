/**
 * Alarms: what goes wrong in preference training, recognised from its figures.
 *
 * Pure functions of the history of steps and evaluations; nothing is stopped here. What to watch for is in
 * the literature on DPO: both rewards fall while the margin grows (likelihood displacement), perfect accuracy
 * on few pairs (memorised), less motion, vanishing objects, a rising flow loss on the ground truth.
 */

/** The figures of one step that alarms look at. */
export interface StepFigures {
  readonly loss: number;
  readonly rewardsChosen: number;
  readonly rewardsRejected: number;
  readonly accuracy: number;
  readonly margin: number;
  readonly gradientNorm: number;
}

/** The figures of one evaluation, before (reference) and after (current). */
export interface EvaluationFigures {
  /** Mean absolute change of a pixel from frame to frame, in 8-bit steps. */
  readonly motionBefore: number;
  readonly motionAfter: number;
  readonly survivalBefore: number;
  readonly survivalAfter: number;
  readonly groundTruthLossBefore: number;
  readonly groundTruthLossAfter: number;
}

export type AlarmCode =
  | 'not-a-number' | 'both-rewards-fall' | 'few-pairs'
  | 'motion-collapse' | 'vanishing-objects' | 'ground-truth-loss-rises';

export interface Alarm {
  readonly code: AlarmCode;
  readonly sentence: string;
}

/** Steps that a trend is judged over: shorter ones are noise of (t, noise) draws. */
export const trendSteps = 20;

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Alarms of the last step in its history (oldest first), with `pairs` pairs to learn from. */
export function stepAlarms(history: readonly StepFigures[], pairs: number): Alarm[] {
  const last = history[history.length - 1];
  if (last === undefined) return [];
  const figures = [last.loss, last.rewardsChosen, last.rewardsRejected, last.gradientNorm];
  if (!figures.every(Number.isFinite)) {
    return [{ code: 'not-a-number', sentence: 'A training figure is not a number; the step was not kept.' }];
  }
  if (history.length < 2 * trendSteps) return [];
  const recent = history.slice(-trendSteps);
  const earlier = history.slice(-2 * trendSteps, -trendSteps);
  const alarms: Alarm[] = [];
  const change = (pick: (step: StepFigures) => number) => mean(recent.map(pick)) - mean(earlier.map(pick));
  const chosenFalls = change((step) => step.rewardsChosen) < 0
    && mean(recent.map((step) => step.rewardsChosen)) < 0;
  const rejectedFalls = change((step) => step.rewardsRejected) < 0;
  if (change((step) => step.margin) > 0 && chosenFalls && rejectedFalls) {
    alarms.push({
      code: 'both-rewards-fall',
      sentence: 'The margin grows while both rewards fall: the model forgets the chosen clips too. '
        + 'Lower the learning rate, raise beta, or go back to a snapshot.',
    });
  }
  if (pairs < 16 && mean(recent.map((step) => step.accuracy)) === 1) {
    alarms.push({
      code: 'few-pairs',
      sentence: `Every one of the ${pairs} pairs is ranked correctly: more steps only memorise them. `
        + 'Vote on more.',
    });
  }
  return alarms;
}

/** Alarms of one evaluation. */
export function evaluationAlarms(figures: EvaluationFigures): Alarm[] {
  const alarms: Alarm[] = [];
  if (figures.motionAfter < 0.5 * figures.motionBefore) {
    alarms.push({
      code: 'motion-collapse',
      sentence: 'The clips move less than half as much as the reference\'s: '
        + 'training is freezing the picture.',
    });
  }
  if (figures.survivalAfter < figures.survivalBefore - 0.1) {
    alarms.push({
      code: 'vanishing-objects',
      sentence: 'Objects vanish more often than in the reference\'s clips. Go back to a snapshot.',
    });
  }
  if (figures.groundTruthLossAfter > 1.2 * figures.groundTruthLossBefore) {
    alarms.push({
      code: 'ground-truth-loss-rises',
      sentence: 'The flow loss on the ground truth is a fifth higher than the reference\'s: '
        + 'the model forgets what it was trained on.',
    });
  }
  return alarms;
}

/** Mean absolute change of a value from frame to frame; frames u8 [T, ...] with `frameSize` values each. */
export function motionAmount(frames: Uint8Array, frameSize: number): number {
  let sum = 0;
  for (let i = frameSize; i < frames.length; i++) sum += Math.abs(frames[i] - frames[i - frameSize]);
  return sum / Math.max(1, frames.length - frameSize);
}
