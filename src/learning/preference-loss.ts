/**
 * The preference loss of Flow-DPO and what it says of pairs, in plain f64 numbers: for metrics. What training takes the
 * gradient of, and the formula with its sources: kernels/losses.
 */
import { softplus } from '../kernels/losses/oracle.ts';

/** Velocity errors of the pairs of a batch under policy and reference. */
export interface PairErrors<Value> {
  readonly policyChosen: Value;
  readonly policyRejected: Value;
  readonly referenceChosen: Value;
  readonly referenceRejected: Value;
}

/** The loss and TRL's four figures, averaged over pairs. */
export interface PreferenceMetrics {
  readonly loss: number;
  readonly rewardsChosen: number;
  readonly rewardsRejected: number;
  readonly accuracy: number;
  readonly margin: number;
}

/** Implicit reward of a clip: -beta/2 (policy error - reference error). */
export function implicitReward(policyError: number, referenceError: number, beta: number): number {
  return (-beta / 2) * (policyError - referenceError);
}

/**
 * Loss and rewards of pairs in f64. A margin of exactly 0 counts as half right, as a coin's guess would.
 * @throws RangeError when there is no pair
 */
export function preferenceMetrics(pairs: readonly PairErrors<number>[], beta: number): PreferenceMetrics {
  if (pairs.length === 0) throw new RangeError('The preference loss needs at least one pair.');
  let loss = 0;
  let rewardsChosen = 0;
  let rewardsRejected = 0;
  let accuracy = 0;
  for (const pair of pairs) {
    const chosen = implicitReward(pair.policyChosen, pair.referenceChosen, beta);
    const rejected = implicitReward(pair.policyRejected, pair.referenceRejected, beta);
    loss += softplus(rejected - chosen) / pairs.length;
    rewardsChosen += chosen / pairs.length;
    rewardsRejected += rejected / pairs.length;
    accuracy += (chosen > rejected ? 1 : chosen === rejected ? 0.5 : 0) / pairs.length;
  }
  return { loss, rewardsChosen, rewardsRejected, accuracy, margin: rewardsChosen - rewardsRejected };
}

/** Errors of the pairs of a batch from those of its clips; a supervised step's chosen clips stand for the rejected ones. */
export function pairErrors(policy: Float32Array, reference: Float32Array, count: number): PairErrors<number>[] {
  return Array.from({ length: count }, (_, i) => {
    const rejected = policy.length === count ? i : count + i;
    return {
      policyChosen: policy[i], policyRejected: policy[rejected],
      referenceChosen: reference[i], referenceRejected: reference[rejected],
    };
  });
}

/** Every error as its mean over pairs. */
export function meanErrors(pairs: readonly PairErrors<number>[]): PairErrors<number> {
  const average = (pick: (pair: PairErrors<number>) => number) =>
    pairs.reduce((sum, pair) => sum + pick(pair), 0) / pairs.length;
  return {
    policyChosen: average((pair) => pair.policyChosen),
    policyRejected: average((pair) => pair.policyRejected),
    referenceChosen: average((pair) => pair.referenceChosen),
    referenceRejected: average((pair) => pair.referenceRejected),
  };
}
