/**
 * Where every pixel of a clip comes from in its first frame: dense motion from latents, so that what moves keeps the
 * shape, the edges and the texture that the first frame shows.
 *
 * Latents stand for cells of pixels that a small body is not much larger than: they hold where it is, but neither its
 * corners nor its stripes. Sources: the dense motion network and the confidence map of animation models (Siarohin et al.,
 * arXiv 2003.00196); here offsets come from what the decoder makes of the latents, and attention over the whole clip finds
 * where a thing has come from. It does not paint what the first frame does not show: the decoder does.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { silu } from '../kernels/activation/kernel.ts';
import { depthToSpace } from '../kernels/shuffle/kernel.ts';
import type { ModelConfig, MotionConfig } from './config.ts';
import { attentionBlock, convolutionLayer, linearLayer, normLayer, parameter, residualLayer } from './layers.ts';
import type { Weights } from './layers.ts';

/** What motionFromFeatures finds. */
export interface Motion {
  /** From each pixel to its source in the first frame, [B, T, H, W, 2]: x, y in pixels. */
  readonly offsets: Tensor;
  /** How far the source's colour is to be trusted, before the sigmoid, [B, T, H, W, 1]. */
  readonly trust: Tensor;
}

const heads = 4;

/** Motion of a whole clip by the decoder's features [B, T', H/4p, W/4p, C] and [B, 2 T' - 1, H/2p, W/2p, C']. */
export function motionFromFeatures(
  { patch }: ModelConfig['autoencoder'], { widths: [width], blocks }: MotionConfig, weights: Weights, coarse: Tensor,
  middle: Tensor,
): Motion {
  const name = 'autoencoder.decoder.motion';
  const [batch, time, rows, columns] = coarse.shape;
  const places = time * rows * columns;
  const tokens = tf.reshape(linearLayer(weights, `${name}.coarse`, coarse), [batch, places, width]);
  let x: Tensor = tf.add(tokens, tf.reshape(parameter(weights, `${name}.position`), [1, places, width]));
  for (let i = 0; i < blocks; i++) x = attentionBlock(weights, `${name}.block_${i}`, x, heads);
  let h = depthToSpace(tf.reshape(linearLayer(weights, `${name}.up_0`, x), [batch, time, rows, columns, -1]), [2, 2, 2]);
  h = residualLayer(weights, `${name}.fine`, tf.add(h, linearLayer(weights, `${name}.middle`, middle)));
  h = depthToSpace(linearLayer(weights, `${name}.up_1`, h), [2, 2, 2]);
  h = convolutionLayer(weights, `${name}.output`, silu(normLayer(weights, `${name}.output_norm`, h)));
  const [offsets, trust] = tf.split(depthToSpace(h, [1, patch, patch]), [2, 1], 4);
  // A latent's width is the unit that they were learned in.
  return { offsets: tf.mul(offsets, 4 * patch), trust };
}
