/**
 * One training step as a captured program: errors of policy and reference, loss, gradients, update in place.
 *
 * Inputs, for c draws of (pair, t, noise) at a time: latents of the chosen clips, then of the rejected ones
 * [2c, T, H, W, C]; what conditions both; flow times; the key of the noise, which is made on the GPU.
 * Outputs: velocity errors [c, 4] in the order policy chosen, policy rejected, reference chosen, reference
 * rejected; the gradients' global norm.
 *
 * Only the stage's own parameters get gradients: the adapter's, or the head's through the whole generator.
 * The reference runs before the policy and outside the tape, so that nothing of it is kept. Draws beyond a
 * few are taken in turn and their gradients added, which bounds the memory. Source of the loss:
 * kernels/losses; AdamW: Loshchilov 2019. What a step is made of is decided by the trainer.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { preferenceLoss, velocityErrors } from '../kernels/losses/kernel.ts';
import { normal } from '../kernels/random/kernel.ts';
import { latentShape } from '../model/config.ts';
import type { Policy } from '../model/generator.ts';
import type { Weights } from '../model/layers.ts';
import { physicsTokenCount } from '../model/parameters.ts';
import { physicsTokens } from '../model/physics-encoder.ts';
import { domainTokens, embed, embeddedVelocity } from '../model/video-transformer.ts';
import type { Embedding } from '../model/video-transformer.ts';
import { interpolate } from './flow-matching.ts';
import type { PolicyState, Stage } from './policy-state.ts';

/** The preference loss, or flow matching on the chosen clips alone (the matched-step control). */
export type Objective = 'preference' | 'supervised';

/** What decides the graph of a step; a change needs another capture. */
export interface StepPlan {
  readonly stage: Stage;
  readonly objective: Objective;
  /** Draws of (pair, t, noise) in a step. */
  readonly draws: number;
  /** Chosen and rejected clip get the same noise. */
  readonly sharedNoise: boolean;
}

/** Draws that go through the networks in one batch. */
const draftSize = 4;

/** Sizes of the batches that make up a step's draws. */
export function batchesOf(draws: number): number[] {
  const sizes: number[] = [];
  for (let left = draws; left > 0; left -= draftSize) sizes.push(Math.min(left, draftSize));
  return sizes;
}

/** Input tensors of one batch of c draws. */
export interface BatchInputs {
  /** [2c, T, H, W, C], chosen clips first. */
  readonly latents: Tensor;
  /** [c, H, W, C] */
  readonly imageLatents: Tensor;
  /** [levels * c, L, C], level by level. */
  readonly features: Tensor;
  /** [c, timeWidth] */
  readonly timeFeatures: Tensor;
  /** [c, 1] */
  readonly times: Tensor;
  /** Key of the noise, int32 [3]: `normalKey(seed, stream)`. */
  readonly noiseKey: Tensor;
  /** Rows of the transformer's table of domains, int32 [c]. */
  readonly domains: Tensor;
}

/** Shapes of the inputs of a batch, in the order of BatchInputs. */
export function batchShapes(state: PolicyState, count: number): number[][] {
  const { config } = state.model;
  const { generated, height, width, channels } = latentShape(config);
  const { blocks, width: featureWidth } = config.backbone;
  return [
    [2 * count, generated, height, width, channels], [count, height, width, channels],
    [blocks * count, physicsTokenCount(config), featureWidth], [count, config.transformer.timeWidth],
    [count, 1], [3], [count],
  ];
}

function twice(x: Tensor): Tensor {
  return tf.concat([x, x], 0);
}

/** The first entries of a batch; sliced as rows, because tfjs slices up to four axes on the GPU. */
function firstRows(x: Tensor, count: number): Tensor {
  const rows = tf.slice(tf.reshape(x, [x.shape[0], -1]), [0, 0], [count, -1]);
  return tf.reshape(rows, [count, ...x.shape.slice(1)]);
}

/** Everything of a batch that does not depend on the policy. */
interface Prepared {
  readonly data: Tensor;
  readonly noise: Tensor;
  readonly noisy: Tensor;
  readonly imageLatents: Tensor;
  readonly time: Tensor;
  readonly domain: Tensor;
  readonly features: readonly Tensor[];
}

function prepare(state: PolicyState, plan: StepPlan, inputs: BatchInputs, count: number): Prepared {
  const supervised = plan.objective === 'supervised';
  const both = (x: Tensor) => (supervised ? x : twice(x));
  const clipShape = inputs.latents.shape.slice(1);
  const data = supervised
    ? firstRows(inputs.latents, count)
    : inputs.latents;
  const noise = plan.sharedNoise || supervised
    ? both(normal([count, ...clipShape], inputs.noiseKey))
    : normal([2 * count, ...clipShape], inputs.noiseKey);
  return {
    data, noise, noisy: interpolate(data, noise, both(inputs.times)),
    imageLatents: both(inputs.imageLatents), time: both(inputs.timeFeatures),
    domain: both(domainTokens(state.model.weights, inputs.domains)),
    features: tf.split(inputs.features, state.model.config.backbone.blocks, 0),
  };
}

/** What stands before the generator's blocks, by the physical head of these weights. */
function embeddingOf(state: PolicyState, plan: StepPlan, weights: Weights, prepared: Prepared): Embedding {
  const { config } = state.model;
  const { noisy, imageLatents, time, domain, features } = prepared;
  return tf.tidy(() => {
    // Both clips of a pair start from one image, so its tokens are made once.
    const tokens = physicsTokens(config, weights, features);
    const physics = plan.objective === 'supervised' ? tokens : twice(tokens);
    return embed(config, weights, { noisy, imageLatent: imageLatents, physics, domain, time });
  });
}

/** Velocity errors [2c] (or [c] when supervised) of a policy. */
function errorsOf(
  { model }: PolicyState, policy: Policy, embedding: Embedding, { data, noise }: Prepared,
): Tensor {
  return tf.tidy(() => {
    const predicted = embeddedVelocity(
      model.config, policy.weights, embedding, { rotary: model.rotary, lora: policy.lora });
    return velocityErrors(predicted, data, noise);
  });
}

function lossOf(plan: StepPlan, policy: Tensor, reference: Tensor, halfBeta: Tensor): Scalar {
  return plan.objective === 'supervised' ? tf.mean(policy) : preferenceLoss(policy, reference, halfBeta);
}

/** Errors [c, 4] (NaN-free: supervised steps repeat the chosen errors) and gradients of one batch. */
export function batchGradients(
  state: PolicyState, plan: StepPlan, inputs: BatchInputs, count: number, halfBeta: Tensor,
): { errors: Tensor; gradients: Tensor[] } {
  const variables = state.trainables[plan.stage].map(({ value }) => value);
  const prepared = prepare(state, plan, inputs, count);
  const referencePolicy = state.reference(plan.stage);
  const embedding = embeddingOf(state, plan, referencePolicy.weights, prepared);
  const reference = errorsOf(state, referencePolicy, embedding, prepared);
  const [policyErrors, ...gradients] = gradientsWithErrors(variables, () => {
    // The adapter changes nothing before the blocks: policy and reference share what stands there.
    const own = plan.stage === 'generator' ? embedding : embeddingOf(state, plan, state.policy.weights, prepared);
    const policy = errorsOf(state, state.policy, own, prepared);
    return { errors: policy, loss: lossOf(plan, policy, reference, halfBeta) };
  });
  const full = (part: Tensor) => tf.reshape(plan.objective === 'supervised' ? twice(part) : part, [2, count]);
  const errors = tf.transpose(tf.concat([full(policyErrors), full(reference)], 0));
  return { errors, gradients };
}

/** Errors, then the gradient of the loss for each variable. */
function gradientsWithErrors(
  variables: Variable[], forward: () => { errors: Tensor; loss: Scalar },
): Tensor[] {
  let errors: Tensor | undefined;
  const { grads } = tf.variableGrads(() => {
    const result = forward();
    // The tape's own tidy would free it: it is not the value that is differentiated.
    errors = tf.keep(result.errors);
    return result.loss;
  }, variables);
  if (errors === undefined) throw new Error('The loss was not evaluated.');
  const copy = tf.clone(errors);
  errors.dispose();
  return [copy, ...variables.map((variable) => grads[variable.name])];
}
