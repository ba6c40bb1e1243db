// Benchmarks of the whole model: a training step on one pair, and a pair of clips from one image; ours as the
// studio runs it (captured and replayed) beside the same model in stock tfjs operations, eager.

import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { PhysicsCache } from '../src/learning/physics-cache.ts';
import { PolicyState } from '../src/learning/policy-state.ts';
import { noisePair } from '../src/learning/working-model.ts';
import { initialProgress } from '../src/learning/snapshots.ts';
import { defaultTrainerSettings, Trainer } from '../src/learning/trainer.ts';
import type { LearnablePair } from '../src/learning/trainer.ts';
import { batchGradients, batchShapes } from '../src/learning/training-step.ts';
import { normalKey } from '../src/kernels/random/kernel.ts';
import {
  latentFromImage, networkFromPixels, pixelsFromNetwork, videoFromLatent,
} from '../src/model/autoencoder.ts';
import { domainIds, latentShape } from '../src/model/config.ts';
import { ClipGenerator, createModel, disposeModel, joined } from '../src/model/generator.ts';
import type { Model } from '../src/model/generator.ts';
import { backboneFeatures, physicsTokens } from '../src/model/physics-encoder.ts';
import { initialNoise } from '../src/model/sampler.ts';
import { randomParameters, tinyConfig } from '../src/model/tiny-model.ts';
import { domainTokens, timeFeatures, velocity } from '../src/model/video-transformer.ts';
import { fetchModel } from '../src/model/weights.ts';
import type { ModelFile } from '../src/model/weights.ts';
import { blockWork, generatorWork } from './generator-works.ts';
import { allowedLossError, jaxStep } from './jax-model.ts';
import { countOperations, withStockKernels } from './stock-kernels.ts';
import type { BackendName, Implementation, Prepared, Work } from './work.ts';

/** A shipped model with its pretrained weights, or a random one of a few thousand parameters. */
export type Size = 'nano' | 'small' | 'tiny';

async function openFile(size: Size): Promise<ModelFile> {
  if (size !== 'tiny') return fetchModel(`/models/${size}/`);
  return { config: tinyConfig, parameters: randomParameters(tinyConfig, 1), description: {}, hash: '', bytes: 0 };
}

/**
 * One DPO step in eager operations, from the physics tokens of the pair's image: gradients, then tfjs's Adam. Returns the
 * errors [4]: policy chosen, policy rejected, reference chosen, reference rejected.
 */
function eagerStep(
  state: PolicyState, pair: LearnablePair, physics: Float32Array, optimizer: tf.AdamOptimizer,
): Tensor {
  return tf.tidy(() => {
    const { config } = state.model;
    const plan = { stage: 'generator', objective: 'preference', draws: 1, sharedNoise: true } as const;
    const { latent } = pair.encoding;
    const values = [
      joined([pair.chosen, pair.rejected]), joined([latent, latent]), joined([physics, physics]),
      timeFeatures([0.5, 0.5], config.transformer.timeWidth), Float32Array.of(0.5, 0.5), normalKey(1, 0),
      Int32Array.of(domainIds.rigid, domainIds.rigid),
    ];
    const [latents, imageLatents, physical, time, times, noiseKey, domains] = batchShapes(state, plan, 1).map((shape, i) =>
      tf.tensor(values[i], shape, values[i] instanceof Int32Array ? 'int32' : 'float32'));
    const inputs = { latents, imageLatents, physical, timeFeatures: time, times, noiseKey, domains };
    const halfBeta = tf.tensor1d([defaultTrainerSettings.beta / 2]);
    const { policy, reference, gradients } = batchGradients(state, plan, inputs, 1, halfBeta);
    const variables = state.trainables.generator.map(({ value }) => value);
    optimizer.applyGradients(variables.map(({ name }, i) => ({ name, tensor: gradients[i] })));
    return tf.concat([policy, reference]);
  });
}

function lossOfErrors(errors: Float32Array): number {
  const [policyChosen, policyRejected, referenceChosen, referenceRejected] = errors;
  const margin = policyChosen - referenceChosen - (policyRejected - referenceRejected);
  return Math.log1p(Math.exp((defaultTrainerSettings.beta / 2) * margin));
}

/** Replays after which a capture no longer times every submit of its own, and the browser has compiled the loop. */
const settled = 64;

/** What a step is timed for: until the GPU has finished, or until JavaScript has issued it. */
type Until = 'finished' | 'returned';

/** The step as the studio takes it, on a backend; for `returned` the captured step's replay. */
function ourStep(name: string, backend: BackendName, file: ModelFile, pair: LearnablePair, until: Until): Implementation {
  const member = { preference: { voteId: 'vote', pairId: 'pair', chosen: 'a' as const }, pair };
  let made: Trainer | undefined;
  const trainer = (): Trainer => {
    if (made === undefined) {
      const state = new PolicyState(createModel(file));
      made = new Trainer(state, initialProgress('generator', 1), state.pretrainedValues());
    }
    return made;
  };
  const step = () => trainer().step([member], defaultTrainerSettings);
  const replay = () => trainer().captures.forEach((captured) => captured.replay());
  return {
    name,
    backend,
    allowedError: allowedLossError,
    run: until === 'returned' ? replay : async () => {
      await step();
    },
    async check() {
      const { loss } = await step();
      for (let i = 0; until === 'returned' && i < settled; i++) {
        replay();
        await trainer().captures[0].finished();
      }
      return Math.abs(loss - Math.LN2);
    },
    captureBytes: () => trainer().captures.reduce((sum, { bytes }) => sum + bytes, 0),
    dispose() {
      trainer().dispose();
      trainer().state.dispose();
      disposeModel(trainer().state.model);
    },
  };
}

/** The eager step in stock operations. */
function stockStep(file: ModelFile, pair: LearnablePair, physics: Float32Array): Implementation {
  const optimizer = tf.train.adam(defaultTrainerSettings.learningRate);
  const state = new PolicyState(createModel(file));
  return {
    name: 'tfjs-webgpu',
    backend: 'webgpu',
    allowedError: allowedLossError,
    run: () => withStockKernels(() => eagerStep(state, pair, physics, optimizer).dispose()),
    async check() {
      const errors = withStockKernels(() => eagerStep(state, pair, physics, optimizer));
      const values = await errors.data<'float32'>();
      errors.dispose();
      return Math.abs(lossOfErrors(values) - Math.LN2);
    },
    dispose() {
      optimizer.dispose();
      state.dispose();
      disposeModel(state.model);
    },
  };
}

async function dpoStep(size: Size, until: Until): Promise<Prepared> {
  const file = await openFile(size);
  const pair = noisePair(file.config);
  const counted = new PolicyState(createModel(file));
  // Made once an image, before the steps on it: no implementation's step does so again.
  const [physics] = await new PhysicsCache(counted.model, counted.model.weights).tokens([pair.encoding]);
  let errors: Tensor | undefined;
  const operations = countOperations(() => {
    errors = eagerStep(counted, pair, physics, tf.train.adam(1e-4));
  });
  const expected = await errors!.data<'float32'>();
  tf.dispose(errors);
  counted.dispose();
  disposeModel(counted.model);
  const issued = until === 'returned';
  return {
    shape: `${size}, one pair, LoRA`,
    operations: issued ? 0 : operations,
    until,
    implementations: [
      ourStep('ours', 'webgpu', file, pair, until), stockStep(file, pair, physics),
      // The wasm backend has done all the work when a call returns, and so has jax-js when it can be waited for.
      ...(issued ? [] : [
        ourStep('ours-wasm', 'wasm', file, pair, until), jaxStep(file, pair, physics, defaultTrainerSettings, expected),
      ]),
    ],
  };
}

const seeds = [1, 2];

/** The videos [1, T, H, W, 3] of each seed in eager operations. */
function eagerClips(model: Model, image: Uint8Array): Tensor[] {
  const { config, weights, rotary } = model;
  const { generated, height, width, channels } = latentShape(config);
  const { steps, temperature, method } = config.sampler;
  return tf.tidy(() => {
    const pixels = tf.tensor(networkFromPixels(image), [1, config.video.height, config.video.width, 3]);
    const latent = latentFromImage(config, weights, pixels);
    const tokens = physicsTokens(config, weights, backboneFeatures(config, weights, pixels));
    const every = <Kind extends Tensor>(x: Kind): Kind => tf.concat(seeds.map(() => x), 0);
    const [imageLatent, physics] = [every(latent), every(tokens)];
    const domain = domainTokens(weights, tf.tensor1d(seeds.map(() => domainIds.rigid), 'int32'));
    let z: tf.Tensor5D = tf.tensor5d(
      initialNoise(config, seeds).map((value) => value * temperature),
      [seeds.length, generated, height, width, channels]);
    let last: Tensor | null = null;
    for (let i = 0; i < steps; i++) {
      const { timeWidth } = config.transformer;
      const features = timeFeatures(seeds.map(() => i / steps), timeWidth);
      const time = tf.tensor2d(features, [seeds.length, timeWidth]);
      const first: Tensor = velocity(config, weights, { noisy: z, imageLatent, physics, domain, time, rotary });
      const corrected: Tensor = method === 'adams-bashforth' && last !== null
        ? tf.sub(tf.mul(first, 1.5), tf.mul(last, 0.5)) : first;
      z = tf.add(z, tf.mul(corrected, 1 / steps));
      last = first;
    }
    const first = tf.reshape<tf.Rank.R5>(latent, [1, 1, height, width, channels]);
    return tf.split(z, seeds.length, 0).map((clip) =>
      videoFromLatent(config, weights, tf.concat([first, clip], 1), pixels));
  });
}

async function pixelsOf(videos: Tensor[]): Promise<Uint8Array[]> {
  const values = await Promise.all(videos.map((video) => video.data<'float32'>()));
  tf.dispose(videos);
  return values.map((video) => pixelsFromNetwork(video));
}

/** A pair as the studio makes it, on a backend; errors are in levels of 255. */
function ourPair(
  name: string, backend: BackendName, file: ModelFile, image: Uint8Array, reference: Uint8Array[],
): Implementation {
  let made: ClipGenerator | undefined;
  const generator = (): ClipGenerator => (made ??= new ClipGenerator(createModel(file)));
  return {
    name,
    backend,
    // Rounding to whole levels may fall on either side, and a level more for the sampler's steps.
    allowedError: 2,
    async run() {
      await generator().generate(image, 'rigid', seeds);
    },
    async check() {
      const { clips } = await generator().generate(image, 'rigid', seeds);
      let error = 0;
      clips.forEach(({ frames }, clip) => frames.forEach((level, i) => {
        error = Math.max(error, Math.abs(level - reference[clip][i]));
      }));
      return error;
    },
    captureBytes: () => generator().bytes,
    dispose() {
      generator().dispose();
      disposeModel(generator().model);
    },
  };
}

async function clipPair(size: Size): Promise<Prepared> {
  const file = await openFile(size);
  const model = createModel(file);
  const { height, width } = model.config.video;
  const image = Uint8Array.from({ length: height * width * 3 }, (_, i) => 90 + ((i * 7) % 60));
  const operations = countOperations(() => tf.dispose(eagerClips(model, image)));
  const reference = await pixelsOf(withStockKernels(() => eagerClips(model, image)));
  return {
    shape: `${size}, two clips, ${model.config.sampler.steps} steps`,
    operations,
    implementations: [
      ourPair('ours', 'webgpu', file, image, reference),
      {
        name: 'tfjs-webgpu',
        backend: 'webgpu',
        allowedError: 0,
        run: () => withStockKernels(() => tf.dispose(eagerClips(model, image))),
        check: () => Promise.resolve(0),
        dispose: () => disposeModel(model),
      },
      ourPair('ours-wasm', 'wasm', file, image, reference),
    ],
  };
}

/** The benchmarks of the whole model at a size. */
export function modelWorks(size: Size): Work[] {
  return [
    { name: 'block-forward', prepare: async () => blockWork(await openFile(size), size, false) },
    { name: 'block-forward-backward', prepare: async () => blockWork(await openFile(size), size, true) },
    { name: 'generator-forward', prepare: async () => generatorWork(await openFile(size), size) },
    { name: 'dpo-step', prepare: () => dpoStep(size, 'finished') },
    { name: 'dpo-step-javascript', prepare: () => dpoStep(size, 'returned') },
    { name: 'clip-pair', prepare: () => clipPair(size) },
  ];
}
