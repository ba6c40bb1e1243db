/**
 * The sampler: integrates the velocity from noise (t = 0) to data (t = 1).
 *
 * z_t = (1 - t) z_0 + t z_1, dz/dt = v(z_t, t). Euler takes one velocity a step; Heun takes two and averages
 * them. Guidance follows v = v_null + g (v_domain - v_null), where null is the dropped domain; g = 1 needs one
 * forward a step. Sources: flow matching (Lipman 2023), classifier-free guidance (Ho 2022).
 *
 * Noise comes from a counter-based generator, one stream a clip, so that a seed names the same clip whatever
 * batch it is made in. Decoding to frames is the autoencoder's work.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor5D } from '@tensorflow/tfjs-core';
import { normalArray } from '../math/normal.ts';
import { domainIds, latentShape } from './config.ts';
import type { ModelConfig } from './config.ts';
import type { Weights } from './layers.ts';
import type { Lora } from './lora.ts';
import { domainToken, timeFeatures, velocity } from './video-transformer.ts';
import type { RotaryTensors } from './video-transformer.ts';

/** What a batch of clips is conditioned on. */
export interface Conditions {
  /** [B, H, W, C] */
  readonly imageLatent: Tensor;
  /** [B, P, width] */
  readonly physics: Tensor;
  /** Index into the transformer's domain table. */
  readonly domain: number;
  readonly rotary: RotaryTensors;
  readonly lora?: Lora;
}

export interface SamplerOptions {
  readonly steps: number;
  readonly guidance: number;
  readonly method?: 'euler' | 'heun';
}

/** What the pretrained models are sampled with unless told otherwise. */
export const defaultSampler: SamplerOptions = { steps: 4, guidance: 1 };

/** Initial noise [B, T, H, W, C] row-major: clip b from the normal stream of seeds[b]. */
export function initialNoise(config: ModelConfig, seeds: readonly number[]): Float32Array {
  const { size } = latentShape(config);
  const noise = new Float32Array(seeds.length * size);
  seeds.forEach((seed, b) => noise.set(normalArray(seed, 0, size), b * size));
  return noise;
}

/** Shape of a batch of generated latents [B, T, H, W, C] (the first frame's latent excluded). */
export function generatedShape(config: ModelConfig, batch: number): [number, number, number, number, number] {
  const { generated, height, width, channels } = latentShape(config);
  return [batch, generated, height, width, channels];
}

/** Velocity with guidance; `time` is the sinusoid [B, timeWidth]. */
export function guidedVelocity(
  config: ModelConfig, weights: Weights, noisy: Tensor, time: Tensor, conditions: Conditions, guidance: number,
): Tensor5D {
  const batch = noisy.shape[0];
  return tf.tidy(() => {
    const at = (domain: number) => velocity(config, weights, {
      noisy, time, imageLatent: conditions.imageLatent, physics: conditions.physics,
      domain: domainToken(weights, domain, batch), rotary: conditions.rotary, lora: conditions.lora,
    });
    const conditioned = at(conditions.domain);
    if (guidance === 1) return conditioned;
    const free = at(domainIds.none);
    return tf.add(free, tf.mul(tf.sub(conditioned, free), guidance)) as Tensor5D;
  });
}

/** z_{t + dt} = z_t + dt v(z_t, t). */
export function eulerStep(
  config: ModelConfig, weights: Weights, noisy: Tensor, time: Tensor, delta: number | Tensor,
  conditions: Conditions, guidance: number,
): Tensor5D {
  return tf.tidy(() => {
    const direction = guidedVelocity(config, weights, noisy, time, conditions, guidance);
    return tf.add(noisy, tf.mul(direction, delta)) as Tensor5D;
  });
}

function heunStep(
  config: ModelConfig, weights: Weights, noisy: Tensor, times: [Tensor, Tensor], delta: number,
  conditions: Conditions, guidance: number,
): Tensor5D {
  return tf.tidy(() => {
    const first = guidedVelocity(config, weights, noisy, times[0], conditions, guidance);
    const ahead = tf.add(noisy, tf.mul(first, delta));
    const second = guidedVelocity(config, weights, ahead, times[1], conditions, guidance);
    return tf.add(noisy, tf.mul(tf.add(first, second), delta / 2)) as Tensor5D;
  });
}

/**
 * Generated latents [B, T, H, W, C] from initial noise of the same shape.
 * @throws RangeError when `steps` is not a positive whole number
 */
export function sampleLatents(
  config: ModelConfig, weights: Weights, noise: Tensor, conditions: Conditions, options: SamplerOptions,
): Tensor5D {
  const { steps, guidance, method = 'euler' } = options;
  if (!Number.isInteger(steps) || steps < 1) throw new RangeError(`A sampler needs 1 or more steps, got ${steps}.`);
  const batch = noise.shape[0];
  const { timeWidth } = config.transformer;
  const timeTensor = (t: number) =>
    tf.tensor2d(timeFeatures(new Array<number>(batch).fill(t), timeWidth), [batch, timeWidth]);
  return tf.tidy(() => {
    let z = tf.clone(noise) as Tensor5D;
    for (let i = 0; i < steps; i++) {
      const before = z;
      z = tf.tidy(() => (method === 'heun'
        ? heunStep(config, weights, before, [timeTensor(i / steps), timeTensor((i + 1) / steps)], 1 / steps,
          conditions, guidance)
        : eulerStep(config, weights, before, timeTensor(i / steps), 1 / steps, conditions, guidance)));
      before.dispose();
    }
    return z;
  });
}
