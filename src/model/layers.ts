/**
 * Layers that read their parameters by name: the glue between the weights map and the kernels.
 *
 * A layer is a function of (weights, name, x); nothing here holds state or disposes what it is given. What a function of
 * this folder makes on its way is gone when it returns (tf.tidy): a decoder at full resolution has no room for it.
 * Shape letters: B batch, T time, H height, W width, C channels, N heads, L tokens, D head width.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { convolution } from '../kernels/convolution/kernel.ts';
import { silu } from '../kernels/activation/kernel.ts';
import { linear } from '../kernels/linear/kernel.ts';
import { layerNorm } from '../kernels/normalization/kernel.ts';

/** Parameter name -> tensor. The owner of the map disposes of the tensors. */
export type Weights = ReadonlyMap<string, Tensor>;

/** Thrown when a forward pass asks for a parameter that the weights do not hold. */
export class MissingParameterError extends Error {
  override readonly name = 'MissingParameterError';
}

/**
 * The parameter of this name.
 * @throws MissingParameterError
 */
export function parameter(weights: Weights, name: string): Tensor {
  const tensor = weights.get(name);
  if (tensor === undefined) throw new MissingParameterError(`The weights hold no parameter "${name}".`);
  return tensor;
}

/** y [.., out] = activation(x [.., in] weight + bias). */
export function linearLayer(
  weights: Weights, name: string, x: Tensor, activation: 'none' | 'gelu' = 'none',
): Tensor {
  return linear(x, parameter(weights, `${name}.weight`), parameter(weights, `${name}.bias`), activation);
}

/** Layer norm over the last axis with the learned scale and shift of `name`. */
export function normLayer(weights: Weights, name: string, x: Tensor): Tensor {
  return layerNorm(x, parameter(weights, `${name}.scale`), parameter(weights, `${name}.shift`));
}

/** Causal convolution of x [B, T, H, W, C]. */
export function convolutionLayer(
  weights: Weights, name: string, x: Tensor, stride: [number, number, number] = [1, 1, 1],
): Tensor {
  return convolution(x, parameter(weights, `${name}.weight`), parameter(weights, `${name}.bias`), stride);
}

/** x [B, T, H, W, C] plus one frame [B, 1, H, W, C] at every time. */
export function addToEveryFrame(x: Tensor, frame: Tensor): Tensor {
  const [batch, time] = x.shape;
  const size = frame.size / batch;
  return tf.tidy(() => {
    const sum = tf.add(tf.reshape(x, [batch, time, size]), tf.reshape(frame, [batch, 1, size]));
    return tf.reshape(sum, x.shape);
  });
}

/** `under` with a share [B, T, H * W, 1] of `over`: pixels [B, T, H * W, 3]; over may be one frame, for all. */
export function mixed(under: Tensor, over: Tensor, share: Tensor): Tensor {
  return tf.tidy(() => tf.add(under, tf.mul(share, tf.sub(over, under))));
}

/** x + conv_2(silu(conv_1(silu(norm(x))))), x [B, T, H, W, C]. */
export function residualLayer(weights: Weights, name: string, x: Tensor): Tensor {
  return tf.tidy(() => {
    const h = tf.tidy(() =>
      convolutionLayer(weights, `${name}.convolution_1`, silu(normLayer(weights, `${name}.norm`, x))));
    return tf.add(x, convolutionLayer(weights, `${name}.convolution_2`, silu(h)));
  });
}
