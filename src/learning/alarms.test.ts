// Alarms: each goes off for its own cause, and none in a healthy history.
import { expect, test } from 'vitest';
import { evaluationAlarms, motionAmount, stepAlarms, trendSteps } from './alarms.ts';
import type { EvaluationFigures, StepFigures } from './alarms.ts';

function history(at: (i: number) => Partial<StepFigures>): StepFigures[] {
  return Array.from({ length: 2 * trendSteps }, (_, i) => ({
    loss: 0.6, rewardsChosen: 0.1 * i, rewardsRejected: -0.1 * i, accuracy: 0.8, margin: 0.2 * i,
    gradientNorm: 1, ...at(i),
  }));
}
const codes = (steps: StepFigures[], pairs = 40) => stepAlarms(steps, pairs).map(({ code }) => code);
const healthy: EvaluationFigures = {
  motionBefore: 4, motionAfter: 3.5, survivalBefore: 0.9, survivalAfter: 0.88,
  groundTruthLossBefore: 0.3, groundTruthLossAfter: 0.31,
};

test('a healthy history raises none', () => {
  expect(codes(history(() => ({})))).toEqual([]);
  expect(stepAlarms([], 3)).toEqual([]);
  expect(evaluationAlarms(healthy)).toEqual([]);
});

test('not a number, at once and alone', () => {
  const first = history(() => ({})).slice(0, 1);
  expect(codes(first.map((step) => ({ ...step, loss: NaN })))).toEqual(['not-a-number']);
  expect(codes(history((i) => (i === 39 ? { gradientNorm: Infinity } : {})))).toEqual(['not-a-number']);
});

test('the margin grows while both rewards fall', () => {
  const displaced = history((i) =>
    ({ rewardsChosen: -0.05 * i, rewardsRejected: -0.2 * i, margin: 0.15 * i }));
  expect(codes(displaced)).toEqual(['both-rewards-fall']);
  expect(codes(displaced.slice(0, trendSteps))).toEqual([]);
});

test('perfect accuracy counts on few pairs only', () => {
  const perfect = history(() => ({ accuracy: 1 }));
  expect(codes(perfect, 8)).toEqual(['few-pairs']);
  expect(codes(perfect, 80)).toEqual([]);
});

test.each([
  [{ motionAfter: 1.9 }, 'motion-collapse'],
  [{ survivalAfter: 0.7 }, 'vanishing-objects'],
  [{ groundTruthLossAfter: 0.4 }, 'ground-truth-loss-rises'],
])('an evaluation with %o raises %s', (change, code) => {
  expect(evaluationAlarms({ ...healthy, ...change }).map((alarm) => alarm.code)).toEqual([code]);
});

test('motion is the mean change from frame to frame', () => {
  expect(motionAmount(Uint8Array.from([0, 0, 3, 1, 3, 1]), 2)).toBe(1);
  expect(motionAmount(Uint8Array.from([5, 5]), 2)).toBe(0);
});
