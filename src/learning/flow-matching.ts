/**
 * Flow matching: the path between noise and data, and the velocity error along it.
 *
 * z_t = (1 - t) z_0 + t z_1, z_0 noise, z_1 data; target velocity z_1 - z_0 (Lipman 2023). The error of a clip
 * is the mean over the latent's elements of (v - target)^2: its scale does not depend on the clip's size, which
 * is what the choice of beta assumes. Latents are [B, T, H, W, C].
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { Random } from '../math/random.ts';

/** z_t for data, noise and flow time t (a number, or a tensor that broadcasts). */
export function interpolate(data: Tensor, noise: Tensor, t: Tensor | number): Tensor {
  return tf.tidy(() => tf.add(noise, tf.mul(tf.sub(data, noise), t)));
}

/** Velocity error of every clip [B]: mean over elements of (velocity - (data - noise))^2. */
export function velocityErrors(velocity: Tensor, data: Tensor, noise: Tensor): Tensor1D {
  return tf.tidy(() => {
    const difference = tf.sub(velocity, tf.sub(data, noise));
    return tf.mean(tf.square(difference), [1, 2, 3, 4]) as Tensor1D;
  });
}

/**
 * Flow time of one draw, logit-normal as in pretraining: sigmoid of a standard normal.
 * The draw is a pure function of (seed, draw), so that a resumed run draws what an uninterrupted one would.
 */
export function drawTime(seed: number, draw: number): number {
  const random = new Random(seed, draw);
  const radius = Math.sqrt(-2 * Math.log((random.uint32() + 0.5) / 0x100000000));
  const normal = radius * Math.cos(2 * Math.PI * random.uniform());
  return 1 / (1 + Math.exp(-normal));
}
