// Both shuffles by tfjs's own kernels: one axis at a time, since tfjs transposes no more than six.

import { pad, reshape, slice, transpose } from '@tensorflow/tfjs-core';
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { foldedShape, unfoldedShape } from './oracle.ts';
import type { Factor, VideoShape } from './oracle.ts';

/** [A, B, C, D] -> [A, C, B, D] of a tensor that is cut that way. */
function swapped(x: Tensor, shape: [number, number, number, number]): Tensor {
  return transpose(reshape(x, shape), [0, 2, 1, 3]);
}

/** spaceToDepth of x, whose shape is given. */
export function spaceToDepthComposed(x: Tensor, shape: VideoShape, [fT, fH, fW]: Factor): Tensor {
  const folded = foldedShape(shape, [fT, fH, fW]);
  const [batch, frames, , , channels] = shape;
  const [, time, height, width] = folded;
  const padded = pad(reshape<Tensor3D['rankType']>(x, [batch, frames, -1]), [[0, 0], [fT - 1, 0], [0, 0]]);
  const lines = swapped(padded, [batch * time * fT * height, fH, width, fW * channels]);
  return reshape(swapped(lines, [batch * time, fT, height * width, fH * fW * channels]), [...folded]);
}

/** depthToSpace of x, whose shape is given. */
export function depthToSpaceComposed(x: Tensor, shape: VideoShape, [fT, fH, fW]: Factor): Tensor {
  const unfolded = unfoldedShape(shape, [fT, fH, fW]);
  const [batch, time, height, width] = shape;
  const channels = unfolded[4];
  const frames = swapped(x, [batch * time, height * width, fT, fH * fW * channels]);
  const lines = swapped(frames, [batch * time * fT * height, width, fH, fW * channels]);
  const video = reshape<Tensor3D['rankType']>(lines, [batch, time * fT, -1]);
  return reshape(slice(video, [0, fT - 1, 0], [-1, -1, -1]), [...unfolded]);
}
