// The causal convolution and its gradients by tfjs's own kernels.
//
// Frames that a kernel sees together are laid side by side in the channels, so that a convolution over time is one
// over space alone, for which tfjs's wasm backend has a fast kernel. The gradient to the input is a convolution with
// the filter turned round, whose time runs backwards; that to the filter is a product a tap. Gradients are for
// stride 1 only: nothing that is trained here has another.

import { add, concat, conv2d, pad, reshape, reverse, slice, stack, stridedSlice, transpose } from '@tensorflow/tfjs-core';
import type { Tensor, Tensor3D, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import { asRows, productOfTransposed } from '../compose.ts';
import type { ConvolutionShape } from './oracle.ts';

const isPlain = ({ stride }: ConvolutionShape): boolean => stride.every((step) => step === 1);

/** The frames that each tap of a kernel in time sees: kT tensors [B T', H, W, C]. `front`: zero frames before. */
function taps(x: Tensor, front: number, kernelTime: number, outTime: number, strideTime: number): Tensor4D[] {
  const [batch, time, height, width, channels] = x.shape;
  const clips = reshape<Tensor3D['rankType']>(x, [batch, time, -1]);
  const behind = Math.max(0, (outTime - 1) * strideTime + kernelTime - front - time);
  const padded = pad(clips, [[0, 0], [front, behind], [0, 0]]);
  const size = padded.shape[2];
  return Array.from({ length: kernelTime }, (_, tap) => {
    const end = tap + (outTime - 1) * strideTime + 1;
    const seen = strideTime === 1
      ? slice(padded, [0, tap, 0], [batch, outTime, size])
      : stridedSlice(padded, [0, tap, 0], [batch, end, size], [1, strideTime, 1]);
    return reshape<Tensor4D['rankType']>(seen, [batch * outTime, height, width, channels]);
  });
}

/** Taps [n, H, W, C] by filter [kT, kH, kW, C, N], each tap with its own slice, spatial padding (k - 1) / 2. */
function spatial(frames: Tensor4D[], filter: Tensor, stride: [number, number], padding: [number, number]): Tensor4D {
  const [, kernelHeight, kernelWidth, channels, columns] = filter.shape as Tensor5D['shape'];
  const beside = reshape<Tensor4D['rankType']>(
    transpose(filter, [1, 2, 0, 3, 4]), [kernelHeight, kernelWidth, frames.length * channels, columns]);
  const around = (axis: 0 | 1): [number, number] => [padding[axis], [kernelHeight, kernelWidth][axis] - 1 - padding[axis]];
  return conv2d(concat(frames, 3), beside, stride, [[0, 0], around(0), around(1), [0, 0]]);
}

/** y [B, T', H', W', Cout]. */
export function convolutionComposed(x: Tensor, filter: Tensor, bias: Tensor | undefined, shape: ConvolutionShape): Tensor {
  const { batch, kernel, stride, output, padding, channelsOut } = shape;
  const frames = taps(x, padding[0], kernel[0], output[0], stride[0]);
  const y = spatial(frames, filter, [stride[1], stride[2]], [padding[1], padding[2]]);
  return reshape(bias ? add(y, bias) : y, [batch, ...output, channelsOut]);
}

/** The gradient to x, or null for another stride than 1. */
export function convolutionInputGradientComposed(dy: Tensor, filter: Tensor, shape: ConvolutionShape): Tensor | null {
  if (!isPlain(shape)) return null;
  const { batch, input, kernel, padding, channelsIn } = shape;
  const turnedRound = transpose(reverse(filter, [0, 1, 2]), [0, 1, 2, 4, 3]);
  const behind = [0, 1, 2].map((axis) => kernel[axis] - 1 - padding[axis]);
  const frames = taps(dy, behind[0], kernel[0], input[0], 1);
  return reshape(spatial(frames, turnedRound, [1, 1], [behind[1], behind[2]]), [batch, ...input, channelsIn]);
}

/** The gradient to the filter, or null for another stride than 1. */
export function convolutionFilterGradientComposed(x: Tensor, dy: Tensor, shape: ConvolutionShape): Tensor | null {
  if (!isPlain(shape)) return null;
  const { kernel, output, padding, channelsIn, channelsOut } = shape;
  const [kernelTime, kernelHeight, kernelWidth] = kernel;
  const rows = asRows(dy);
  const products = taps(x, padding[0], kernelTime, output[0], 1).flatMap((frames) => {
    const around = (axis: 1 | 2): [number, number] => [padding[axis], kernel[axis] - 1 - padding[axis]];
    const padded = pad(frames, [[0, 0], around(1), around(2), [0, 0]]);
    const size = [frames.shape[0], output[1], output[2], channelsIn];
    return Array.from({ length: kernelHeight * kernelWidth }, (_, tap) => {
      const begin = [0, Math.floor(tap / kernelWidth), tap % kernelWidth, 0];
      return productOfTransposed(asRows(slice(padded, begin, size)), rows);
    });
  });
  return reshape(stack(products), [...kernel, channelsIn, channelsOut]);
}
