/**
 * Flow matching: the path between noise and data, and the flow times of draws.
 *
 * z_t = (1 - t) z_0 + t z_1, z_0 noise, z_1 data; target velocity z_1 - z_0 (Lipman 2023). Latents are
 * [B, T, H, W, C]. The error of a velocity: kernels/losses.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { Random } from '../math/random.ts';

/** z_t for data and noise [B, T, H, W, C] and flow times [B, 1]. */
export function interpolate(data: Tensor, noise: Tensor, times: Tensor): Tensor {
  return tf.tidy(() => {
    // tfjs broadcasts up to four axes on the GPU, so a clip is one row.
    const [z1, z0] = [data, noise].map((x) => tf.reshape(x, [data.shape[0], -1]));
    return tf.reshape(tf.add(z0, tf.mul(tf.sub(z1, z0), times)), data.shape);
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
