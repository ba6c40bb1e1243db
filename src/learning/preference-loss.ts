/**
 * The preference loss of Flow-DPO.
 *
 *   L = -mean over pairs of log sigmoid(-beta/2 [(e_w - e_w^ref) - (e_l - e_l^ref)])
 *
 * where e is the velocity error of one clip, averaged over the latent's elements, w the chosen and l the
 * rejected clip, and ref the frozen reference. Sources: DPO (Rafailov 2023), its flow-matching form with a
 * constant beta (Liu 2025, "Improving video generation with human feedback"), PhysMaster's stages II and III.
 *
 * The logarithm is taken as softplus, which neither overflows nor loses digits. Two forms: tensors for the
 * training step, and plain f64 numbers for metrics and as the oracle of the tests.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-core';

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

/** Mean over pairs of softplus(beta/2 [..]); errors are [P] tensors, `halfBeta` a scalar or number. */
export function preferenceLoss(errors: PairErrors<Tensor>, halfBeta: Tensor | number): Scalar {
  return tf.tidy(() => {
    const chosen = tf.sub(errors.policyChosen, errors.referenceChosen);
    const rejected = tf.sub(errors.policyRejected, errors.referenceRejected);
    return tf.mean(stableSoftplus(tf.mul(tf.sub(chosen, rejected), halfBeta))) as Scalar;
  });
}

/** log(1 + e^x) = max(x, 0) + log(1 + e^-|x|); its gradient, sigmoid(x), comes from the same terms. */
function stableSoftplus(x: Tensor): Tensor {
  return tf.customGrad((input, save) => {
    const at = input as Tensor1D;
    (save as (saved: Tensor[]) => void)([at]);
    return {
      value: tf.add(tf.relu(at), tf.log1p(tf.exp(tf.neg(tf.abs(at))))),
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(dy, tf.sigmoid(saved[0])),
    };
  })(x);
}

/** log(1 + e^x) in f64. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
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
