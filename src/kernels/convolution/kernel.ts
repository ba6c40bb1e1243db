// Causal 3D convolution with bias, channels last: x [B, T, H, W, Cin], filter [kT, kH, kW, Cin, Cout] ->
// [B, T', H', W', Cout], sizes ceil(size / stride). 2D is T = 1 and kT = 1.
//
// Time is padded by kT - 1 zeros in front, so no frame sees a later one and an image alone gives the first
// frame's result; space is padded by (k - 1) / 2 on both sides. Padding of other kinds, dilation and groups
// are not here.

import type { Tensor } from '@tensorflow/tfjs-core';
import { createOutput, dispatch } from '../../engine/bridge.ts';
import '../linear/gradient.ts';
import { registerOperation, runOperation } from '../register.ts';
import { convolutionComposed } from './composition.ts';
import { strideOf } from './gradient.ts';
import { convolutionForward, convolutionShape } from './oracle.ts';
import { forwardProgram } from './programs.ts';

registerOperation({
  name: 'Physics.convolution',
  inputNames: ['x', 'filter', 'bias'],
  webgpu(backend, inputs, attributes) {
    const [x, filter] = inputs;
    const shape = convolutionShape(x.shape, filter.shape, strideOf(attributes));
    const output = createOutput(backend, [shape.batch, ...shape.output, shape.channelsOut]);
    dispatch(backend, forwardProgram(backend.device, shape, inputs.length === 3), inputs, [output]);
    return [output];
  },
  cpu([x, filter, bias], attributes) {
    const shape = convolutionShape(x.shape, filter.shape, strideOf(attributes));
    const values = convolutionForward(x.values, filter.values, bias?.values ?? null, shape);
    return [{ values, shape: [shape.batch, ...shape.output, shape.channelsOut] }];
  },
  wasm: ([x, filter, bias], attributes) =>
    [convolutionComposed(x, filter, bias, convolutionShape(x.shape, filter.shape, strideOf(attributes)))],
});

/**
 * Causal convolution.
 * @param x [B, T, H, W, Cin]
 * @param filter [kT, kH, kW, Cin, Cout]
 * @param bias [Cout], or none
 * @param stride of time, height and width
 * @returns [B, ceil(T / sT), ceil(H / sH), ceil(W / sW), Cout]
 * @throws when the channels or the bias do not match
 */
export function convolution(
  x: Tensor,
  filter: Tensor,
  bias?: Tensor | null,
  stride: readonly [number, number, number] = [1, 1, 1],
): Tensor {
  const fits = x.rank === 5 && filter.rank === 5 && x.shape[4] === filter.shape[3];
  if (!fits || (bias && bias.size !== filter.shape[4]) || !stride.every((step) => Number.isInteger(step) && step > 0)) {
    throw new Error(
      `convolution: x [${x.shape}], filter [${filter.shape}], bias [${bias?.shape}], stride [${stride}] do not fit.`,
    );
  }
  const [strideTime, strideHeight, strideWidth] = stride;
  const attributes = { strideTime, strideHeight, strideWidth, hasBias: Boolean(bias) };
  return runOperation('Physics.convolution', bias ? { x, filter, bias } : { x, filter }, attributes)[0];
}
