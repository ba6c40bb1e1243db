/**
 * What a place looks like without what moves in it, by its first frame alone.
 *
 * A body uncovers ground and wall that the first frame does not show, and the camera stands still: one picture of what was
 * behind serves all frames, so that a network may look far around for it. Source: a plate behind layers that move (Wang and
 * Adelson, Representing moving images with layers, 1994); the network is a U-Net of three levels. It does not find what
 * moves, or where to.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { silu } from '../kernels/activation/kernel.ts';
import { depthToSpace, spaceToDepth } from '../kernels/shuffle/kernel.ts';
import { convolutionLayer, linearLayer, mixed, normLayer, residualLayer } from './layers.ts';
import type { Weights } from './layers.ts';

const name = 'autoencoder.decoder.refiner.background';

/** Background [B, H, W, 3] of an image [B, H, W, 3], by squares of patch x patch pixels: image + share * (paint - image). */
export function backgroundOf(patch: number, weights: Weights, image: Tensor): Tensor {
  return tf.tidy(() => {
    const [batch, height, width] = image.shape;
    const factor: [number, number, number] = [1, patch, patch];
    const residual = (block: number, x: Tensor) => residualLayer(weights, `${name}.block_${block}`, x);
    const down = (level: number, x: Tensor) => convolutionLayer(weights, `${name}.down_${level}`, x, [1, 2, 2]);
    const up = (level: number, x: Tensor, beside: Tensor) =>
      tf.add(beside, depthToSpace(linearLayer(weights, `${name}.up_${level}`, x), [1, 2, 2]));
    const pixels = spaceToDepth(tf.reshape(image, [batch, 1, height, width, 3]), factor);
    const fine = residual(0, convolutionLayer(weights, `${name}.input`, pixels));
    const middle = residual(1, down(0, fine));
    const coarse = residual(3, residual(2, down(1, middle)));
    const h = residual(5, up(0, residual(4, up(1, coarse, middle)), fine));
    const output = convolutionLayer(weights, `${name}.output`, silu(normLayer(weights, `${name}.output_norm`, h)));
    const both = tf.reshape(depthToSpace(output, factor), [batch, 1, height * width, 4]);
    const [paint, share] = tf.split(both, [3, 1], 3);
    const first = tf.reshape(image, [batch, 1, height * width, 3]);
    return tf.reshape(mixed(first, paint, tf.sigmoid(share)), image.shape);
  });
}
