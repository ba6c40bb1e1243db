/**
 * Where every pixel of a clip comes from in its first frame: dense motion from latents, so that what moves keeps the
 * shape, the edges and the texture that the first frame shows.
 *
 * Latents stand for cells of pixels that a small body is not much larger than: they hold where it is, but neither its
 * corners nor its stripes. Sources: the dense motion network and the confidence map of animation models (Siarohin et al.,
 * arXiv 2003.00196); here offsets come from the latents alone, and attention over the whole clip finds where a thing has
 * come from. It does not paint what the first frame does not show: the decoder does.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { silu } from '../kernels/activation/kernel.ts';
import { depthToSpace } from '../kernels/shuffle/kernel.ts';
import type { ModelConfig, MotionConfig } from './config.ts';
import { attentionBlock, convolutionLayer, linearLayer, normLayer, parameter } from './layers.ts';
import type { Weights } from './layers.ts';

/** What motionFromLatent finds. */
export interface Motion {
  /** From each pixel to its source in the first frame, [B, T, H, W, 2]: x, y in pixels. */
  readonly offsets: Tensor;
  /** How far the source's colour is to be trusted, before the sigmoid, [B, T, H, W, 1]. */
  readonly trust: Tensor;
}

const heads = 4;

/** Motion of a whole clip's latents [B, T', H/4p, W/4p, C], not normalised. */
export function motionFromLatent(
  { patch }: ModelConfig['autoencoder'], { widths: [coarse], blocks }: MotionConfig, weights: Weights, latent: Tensor,
): Motion {
  const name = 'autoencoder.decoder.motion';
  const [batch, time, height, width] = latent.shape;
  const places = time * height * width;
  let h: Tensor = convolutionLayer(weights, `${name}.input`, latent);
  const position = tf.reshape(parameter(weights, `${name}.position`), [1, places, coarse]);
  let x: Tensor = tf.add(tf.reshape(h, [batch, places, coarse]), position);
  for (let i = 0; i < blocks; i++) x = attentionBlock(weights, `${name}.block_${i}`, x, heads);
  h = depthToSpace(tf.reshape(linearLayer(weights, `${name}.up_0`, x), [batch, time, height, width, -1]), [2, 2, 2]);
  h = tf.add(h, convolutionLayer(weights, `${name}.fine_0`, silu(normLayer(weights, `${name}.norm_0`, h))));
  h = depthToSpace(linearLayer(weights, `${name}.up_1`, h), [2, 2, 2]);
  h = convolutionLayer(weights, `${name}.output`, silu(normLayer(weights, `${name}.norm_1`, h)));
  const [offsets, trust] = tf.split(depthToSpace(h, [1, patch, patch]), [2, 1], 4);
  // A latent's width is the unit that they were learned in.
  return { offsets: tf.mul(offsets, 4 * patch), trust };
}
