/**
 * One training step as a captured program: errors of policy and reference, loss, gradients, update in place.
 *
 * Inputs, for c draws of (pair, t, noise) at a time: latents of the chosen clips, then of the rejected ones
 * [2c, T, H, W, C]; what conditions each; flow times; the key of the noise, which is made on the GPU.
 * Outputs: velocity errors [2c] of the policy and of the reference; the gradients' global norm.
 *
 * Only the stage's own parameters get gradients: the adapter's, or the head's through the whole generator. Where the head
 * does not learn, what it makes of an image is an input (physics-cache.ts).
 * The reference runs before the policy and outside the tape, so that nothing of it is kept. Draws beyond a
 * few are taken in turn and their gradients added, which bounds the memory. Source of the loss:
 * kernels/losses; AdamW: Loshchilov 2019. What a step is made of is decided by the trainer.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { interpolate } from '../kernels/interpolation/kernel.ts';
import { preferenceLoss, velocityErrors } from '../kernels/losses/kernel.ts';
import { normal } from '../kernels/random/kernel.ts';
import { latentShape } from '../model/config.ts';
import type { Policy } from '../model/generator.ts';
import type { Weights } from '../model/layers.ts';
import { physicsTokenCount } from '../model/parameters.ts';
import { physicsTokens } from '../model/physics-encoder.ts';
import { domainTokens, embed, embeddedVelocity } from '../model/video-transformer.ts';
import type { Embedding } from '../model/video-transformer.ts';
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

/** Input tensors of one batch of c draws: of b = 2c clips, the chosen ones first, or of the c chosen when supervised. */
export interface BatchInputs {
  /** [b, T, H, W, C] */
  readonly latents: Tensor;
  /** [b, H, W, C] */
  readonly imageLatents: Tensor;
  /** Physics tokens [b, L, width] where the generator learns; where the head does, features [levels * c, L, C]. */
  readonly physical: Tensor;
  /** [b, timeWidth] */
  readonly timeFeatures: Tensor;
  /** [b] */
  readonly times: Tensor;
  /** Key of the noise, int32 [3]: `normalKey(seed, stream)`. */
  readonly noiseKey: Tensor;
  /** Rows of the transformer's table of domains, int32 [b]. */
  readonly domains: Tensor;
}

/** Shapes of the inputs of a batch, in the order of BatchInputs. */
export function batchShapes({ model: { config } }: PolicyState, plan: StepPlan, count: number): number[][] {
  const { generated, height, width, channels } = latentShape(config);
  const { backbone, transformer } = config;
  const clips = plan.objective === 'supervised' ? count : 2 * count;
  const tokens = physicsTokenCount(config);
  return [
    [clips, generated, height, width, channels], [clips, height, width, channels],
    plan.stage === 'generator' ? [clips, tokens, transformer.width] : [backbone.blocks * count, tokens, backbone.width],
    [clips, transformer.timeWidth], [clips], [3], [clips],
  ];
}

/** Everything of a batch that does not depend on the policy. */
interface Prepared {
  readonly inputs: BatchInputs;
  /** [c, T, H, W, C] where the clips of a pair share it, or [b, T, H, W, C]. */
  readonly noise: Tensor;
  readonly noisy: Tensor;
  readonly domain: Tensor;
}

function prepare({ model }: PolicyState, plan: StepPlan, inputs: BatchInputs, count: number): Prepared {
  const [clips, ...clip] = inputs.latents.shape;
  const noise = normal([plan.sharedNoise ? count : clips, ...clip], inputs.noiseKey);
  return {
    inputs, noise, noisy: interpolate(inputs.latents, noise, inputs.times),
    domain: domainTokens(model.weights, inputs.domains),
  };
}

/** What stands before the generator's blocks, by the physical head of these weights. */
function embeddingOf(state: PolicyState, plan: StepPlan, weights: Weights, prepared: Prepared): Embedding {
  const { config } = state.model;
  const { inputs: { imageLatents, physical, timeFeatures }, noisy, domain } = prepared;
  return tf.tidy(() => {
    let physics = physical;
    if (plan.stage === 'physical-head') {
      // Both clips of a pair start from one image, so its tokens are made once.
      const tokens = physicsTokens(config, weights, tf.split(physical, config.backbone.blocks, 0));
      physics = plan.objective === 'supervised' ? tokens : tf.concat([tokens, tokens], 0);
    }
    return embed(config, weights, { noisy, imageLatent: imageLatents, physics, domain, time: timeFeatures });
  });
}

/** Velocity errors of a policy, of every clip [b]. */
function errorsOf(
  { model }: PolicyState, { stage }: StepPlan, { weights, lora }: Policy, embedding: Embedding, { inputs, noise }: Prepared,
): Tensor {
  return tf.tidy(() => {
    const predicted = embeddedVelocity(
      model.config, weights, embedding, { rotary: model.rotary, lora: lora && { ...lora, frozen: stage !== 'generator' } });
    return velocityErrors(predicted, inputs.latents, noise);
  });
}

function lossOf(plan: StepPlan, policy: Tensor, reference: Tensor, halfBeta: Tensor): Scalar {
  return plan.objective === 'supervised' ? tf.mean(policy) : preferenceLoss(policy, reference, halfBeta);
}

/** What a batch of c draws gives: velocity errors [b] of its clips, and the loss's gradients to what the stage trains. */
export interface BatchResult {
  readonly policy: Tensor;
  readonly reference: Tensor;
  readonly gradients: Tensor[];
}

/** Errors and gradients of one batch of `count` draws. */
export function batchGradients(
  state: PolicyState, plan: StepPlan, inputs: BatchInputs, count: number, halfBeta: Tensor,
): BatchResult {
  const variables = state.trainables[plan.stage].map(({ value }) => value);
  const prepared = prepare(state, plan, inputs, count);
  const referencePolicy = state.reference(plan.stage);
  const embedding = embeddingOf(state, plan, referencePolicy.weights, prepared);
  const reference = errorsOf(state, plan, referencePolicy, embedding, prepared);
  const [policy, ...gradients] = gradientsWithErrors(variables, () => {
    // The adapter changes nothing before the blocks: policy and reference share what stands there.
    const own = plan.stage === 'generator' ? embedding : embeddingOf(state, plan, state.policy.weights, prepared);
    const errors = errorsOf(state, plan, state.policy, own, prepared);
    return { errors, loss: lossOf(plan, errors, reference, halfBeta) };
  });
  return { policy, reference, gradients };
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
