// The preference loss: golden values, the identities it must keep, and its tensor form on the cpu backend.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { preferenceLoss } from '../kernels/losses/kernel.ts';
import { implicitReward, preferenceMetrics } from './preference-loss.ts';
import type { PairErrors } from './preference-loss.ts';

/** [beta, policy chosen, reference chosen, policy rejected, reference rejected, loss to 16 digits]. */
const golden: [number, number, number, number, number, number][] = [
  [500, 0.2113, 0.2127, 0.2541, 0.2509, 0.2750805831863984],
  [100, 0.4, 0.35, 0.3, 0.35, 5.006715348489118],
  [5000, 0.21, 0.2, 0.2, 0.21, 50],
  [1000, 0.1, 0.2, 0.3, 0.1, 0],
  [2, 0.5, 0.25, 0.125, 0.75, 1.223444581005056],
];

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function errorsOf(row: (typeof golden)[number]): PairErrors<number> {
  const [, policyChosen, referenceChosen, policyRejected, referenceRejected] = row;
  return { policyChosen, referenceChosen, policyRejected, referenceRejected };
}

function tensorLoss(errors: PairErrors<number>, beta: number): number {
  return tf.tidy(() => preferenceLoss(
    tf.tensor1d([errors.policyChosen, errors.policyRejected]),
    tf.tensor1d([errors.referenceChosen, errors.referenceRejected]), tf.tensor1d([beta / 2])).dataSync()[0]);
}

test.each(golden)('golden loss at beta %d', (...row) => {
  const expected = row[5];
  expect(preferenceMetrics([errorsOf(row)], row[0]).loss).toBeCloseTo(expected, 12);
  expect(Math.abs(tensorLoss(errorsOf(row), row[0]) - expected)).toBeLessThan(2e-5 * (1 + expected));
});

test('policy = reference gives ln 2, zero rewards and a coin\'s accuracy', () => {
  const same = { policyChosen: 0.31, referenceChosen: 0.31, policyRejected: 0.27, referenceRejected: 0.27 };
  const metrics = preferenceMetrics([same, same], 700);
  expect(metrics.loss).toBeCloseTo(Math.LN2, 15);
  expect([metrics.margin, metrics.accuracy]).toEqual([0, 0.5]);
  expect(Math.abs(tensorLoss(same, 700) - Math.LN2)).toBeLessThan(1e-6);
});

const finite = fc.double({ min: 0, max: 2, noNaN: true });
const pair = fc.record({
  policyChosen: finite, policyRejected: finite, referenceChosen: finite, referenceRejected: finite,
});

test('swapping a pair flips the margin; the losses differ by the margin', () => {
  fc.assert(fc.property(pair, fc.double({ min: 1, max: 5000, noNaN: true }), (errors, beta) => {
    const swapped = {
      policyChosen: errors.policyRejected, policyRejected: errors.policyChosen,
      referenceChosen: errors.referenceRejected, referenceRejected: errors.referenceChosen,
    };
    const one = preferenceMetrics([errors], beta);
    const other = preferenceMetrics([swapped], beta);
    expect(one.margin + other.margin).toBe(0);
    expect(Number.isFinite(one.loss) && one.loss >= 0).toBe(true);
    expect(other.loss - one.loss).toBeCloseTo(one.margin, 8);
  }));
});

test('the mean over pairs stands outside the logarithm', () => {
  const rows = golden.slice(0, 2).map(errorsOf);
  const metrics = preferenceMetrics(rows, 500);
  const mean = (preferenceMetrics([rows[0]], 500).loss + preferenceMetrics([rows[1]], 500).loss) / 2;
  expect(metrics.loss).toBeCloseTo(mean, 12);
  expect(() => preferenceMetrics([], 1)).toThrow(RangeError);
});

test('the gradient on the chosen error is beta/2 sigmoid(-margin), also where exp overflows', async () => {
  for (const row of golden) {
    const errors = errorsOf(row);
    const beta = row[0];
    const gradient = tf.grad((policy: tf.Tensor) => preferenceLoss(
      policy, tf.tensor1d([errors.referenceChosen, errors.referenceRejected]), tf.tensor1d([beta / 2]),
    ))(tf.tensor1d([errors.policyChosen, errors.policyRejected]));
    const margin = implicitReward(errors.policyChosen, errors.referenceChosen, beta)
      - implicitReward(errors.policyRejected, errors.referenceRejected, beta);
    const expected = beta / 2 / (1 + Math.exp(margin));
    expect(Math.abs((await gradient.data())[0] - expected)).toBeLessThan(1e-3 * expected + 1e-12);
  }
});
