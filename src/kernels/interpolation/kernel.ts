// interpolate: points on the paths from noise to data, in one pass. It has no gradient: nothing that is learned stands
// before it. Oracle: oracle.ts.

import { util } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import source from '../../../shaders/interpolation/forward.wgsl?raw';
import { createOutput } from '../../engine/bridge.ts';
import { dispatchElementwise, vectorized, vectorWidth } from '../elementwise.ts';
import { registerOperation, runOperation } from '../register.ts';
import { interpolateForward } from './oracle.ts';

const { sizeFromShape } = util;

registerOperation({
  name: 'Physics.interpolate',
  inputNames: ['data', 'noise', 'times'],
  webgpu(backend, inputs) {
    const [data, noise, times] = inputs.map(({ shape }) => sizeFromShape(shape));
    const elements = data / times;
    const width = vectorWidth(elements);
    const z = createOutput(backend, inputs[0].shape);
    const constants = { n: elements / width, NOISE: noise / width, unit: 1 };
    const shader = vectorized('interpolation/forward', source, width);
    dispatchElementwise(backend, shader, data / width, constants, inputs, [z]);
    return [z];
  },
  cpu: ([data, noise, times]) => [
    { values: interpolateForward(data.values, noise.values, times.values), shape: data.shape },
  ],
});

/** Whether clips of this shape can have this noise: of their shape, or fewer that are gone through again. */
export function fitsNoise([clips, ...clip]: number[], [noises, ...noise]: number[]): boolean {
  return noise.join() === clip.join() && clips % noises === 0;
}

/**
 * z_t = (1 - t) z_0 + t z_1, z_0 noise, z_1 data (flow matching, Lipman 2023).
 * @param data [B, ..]
 * @param noise [N, ..], N a divisor of B: clip b begins at noise b mod N
 * @param times [B] or [B, 1], in [0, 1]
 * @throws when the shapes do not fit
 */
export function interpolate(data: Tensor, noise: Tensor, times: Tensor): Tensor {
  if (!fitsNoise(data.shape, noise.shape) || times.size !== data.shape[0]) {
    throw new Error(`interpolate: data [${data.shape}], noise [${noise.shape}] and times [${times.shape}] do not fit.`);
  }
  return runOperation('Physics.interpolate', { data, noise, times })[0];
}
