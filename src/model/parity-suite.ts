// Parity with the PyTorch twin, on whatever backend is opened: the same weights and inputs give the same latents,
// features, tokens, velocity, sampled latents and frames. A perturbed weight must make the comparison fail.
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { overwrite } from '../engine/overwrite.ts';
import { normalArray } from '../math/normal.ts';
import { pixelsFromNetwork } from './autoencoder.ts';
import { latentShape } from './config.ts';
import { relativeError } from './fixture.ts';
import type { Fixture } from './fixture.ts';
import { ClipGenerator, disposeModel, joined } from './generator.ts';
import type { Encoding, Model } from './generator.ts';
import { parameter } from './layers.ts';

/** A model on the active backend, and what the twin says of it. */
export interface Opened {
  readonly model: Model;
  readonly fixture: Fixture;
}

/** Defines the tests on what `open` returns; `pair`: with a whole pair of clips. */
export function testParity(open: () => Promise<Opened>, { pair } = { pair: true }): void {
  let model: Model;
  let generator: ClipGenerator;
  let fixture: Fixture;
  let encoding: Encoding;

  beforeAll(async () => {
    ({ model, fixture } = await open());
    generator = new ClipGenerator(model);
    encoding = {
      image: pixelsFromNetwork(fixture.values('image')), latent: fixture.values('image_latent'),
      domain: 'rigid',
      features: features(), background: null,
    };
    const { background } = await generator.encode(encoding.image, 'rigid');
    encoding = { ...encoding, background };
  });
  afterAll(() => {
    generator.dispose();
    disposeModel(model);
  });

  function features(): Float32Array {
    const levels = Array.from({ length: model.config.backbone.blocks }, (_, i) =>
      fixture.values(`backbone_features_${i}`));
    return Float32Array.from(levels.flatMap((level) => [...level]));
  }

  function compare(
    what: string, actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number,
  ): void {
    const error = relativeError(actual, expected);
    console.log(`${what}: relative error ${error.toExponential(2)}`);
    expect(error).toBeLessThan(tolerance);
  }

  async function velocityOfFixture(): Promise<Float32Array> {
    const [noisy, [t]] = [fixture.values('noisy_latent'), fixture.values('t')];
    const [actual] = await generator.velocities([encoding], [noisy], t);
    return actual;
  }

  test('image latent and backbone features', async () => {
    const made = await generator.encode(encoding.image, 'rigid');
    compare('image latent', made.latent, encoding.latent, 1e-3);
    compare('backbone features', made.features, encoding.features, 1e-3);
  });

  test('velocity, through head and transformer', async () => {
    compare('velocity', await velocityOfFixture(), fixture.values('velocity'), 1e-3);
  });

  test('negative control: one perturbed weight matrix is noticed', async () => {
    const weight = parameter(model.weights, 'head.fuse_2.weight');
    const values = Float32Array.from(await weight.data());
    overwrite(weight, values.map((value) => 1.1 * value));
    const perturbed = relativeError(await velocityOfFixture(), fixture.values('velocity'));
    overwrite(weight, values);
    expect(perturbed).toBeGreaterThan(1e-3);
    expect(relativeError(await velocityOfFixture(), fixture.values('velocity'))).toBeLessThan(1e-3);
  });

  test('noise, and latents after four Euler steps', async () => {
    const { size } = latentShape(model.config);
    compare('noise of seed 2', normalArray(2, 0, size), fixture.values('noise').subarray(size), 1e-5);
    const latents = await generator.sample([encoding, encoding], [1, 2]);
    compare('sampled latents', joined(latents), fixture.values('sampled_latents'), 2e-3);
  });

  test('decoded frames, within one step of 255 on average', async () => {
    const { size } = latentShape(model.config);
    const sampled = fixture.values('sampled_latents');
    const expected = fixture.values('decoded');
    for (const clip of [0, 1]) {
      // Of no domain nothing is done to bodies afterwards.
      const frames = await generator.decode({ ...encoding, domain: 'none' }, sampled.slice(clip * size, (clip + 1) * size));
      const truth = expected.subarray(clip * frames.length, (clip + 1) * frames.length);
      const sum = frames.reduce((total, value, i) => total + Math.abs(value - (truth[i] + 1) * 127.5), 0);
      const mean = sum / frames.length;
      console.log(`clip ${clip}: mean difference ${mean.toFixed(4)} of 255`);
      expect(mean).toBeLessThan(1);
    }
  });

  // What a pair leaves behind does not depend on the size.
  if (!pair) return;
  test('a whole pair from the image leaves no tensors behind', async () => {
    // Two steps have all that six have: a first one, and one that looks back.
    const options = { sampler: { ...model.config.sampler, steps: 2 } };
    await generator.generate(encoding.image, 'rigid', [1, 2], options);
    const { numTensors } = tf.memory();
    const started = performance.now();
    const { clips } = await generator.generate(encoding.image, 'rigid', [3, 4], options);
    console.log(`two clips in two steps: ${(performance.now() - started).toFixed(0)} ms`);
    const { frames, height, width } = model.config.video;
    const bytes = frames * height * width * 3;
    expect(clips.map((clip) => clip.frames.length)).toEqual([bytes, bytes]);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
}
