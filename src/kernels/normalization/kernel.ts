// Layer norm with modulation: x [B, .., C], scale and shift [1, C] or [B, C] -> y like x.
//
// y = (x - mean) / sqrt(var + 1e-6) (1 + scale) + shift over the last axis. The kernel returns the rows'
// statistics as well, which the gradients use. Oracle: oracle.ts; gradients: gradient.ts.

import type { Tensor } from '@tensorflow/tfjs-core';
import forwardSource from '../../../shaders/normalization/forward.wgsl?raw';
import { createOutput, dispatch } from '../../engine/bridge.ts';
import { registerOperation, runOperation } from '../register.ts';
import './gradient.ts';
import { layerNormLoops } from './loops.ts';
import { epsilon, layerNormForward } from './oracle.ts';
import { rowProgram } from './programs.ts';
import { normalizationShape } from './shape.ts';

registerOperation({
  name: 'Physics.layerNorm',
  inputNames: ['x', 'scale', 'shift'],
  webgpu(backend, [x, scale, shift]) {
    const shape = normalizationShape(x.shape, scale.shape);
    const { rows, channels, groups } = shape;
    const y = createOutput(backend, x.shape);
    const statistics = createOutput(backend, [rows, 2]);
    const [values, modulation] = [4 * rows * channels, 4 * groups * channels];
    const bytes = [values, modulation, modulation, values, 8 * rows];
    const program = rowProgram(backend.device, 'normalization/forward', forwardSource, shape, { epsilon }, bytes);
    dispatch(backend, program, [x, scale, shift], [y, statistics]);
    return [y, statistics];
  },
  cpu([x, scale, shift]) {
    const shape = normalizationShape(x.shape, scale.shape);
    const { y, statistics } = layerNormForward(x.values, scale.values, shift.values, shape);
    return [
      { values: y, shape: x.shape },
      { values: statistics, shape: [shape.rows, 2] },
    ];
  },
  loops: {
    shapes: ([x, scale]) => [x, [normalizationShape(x, scale).rows, 2]],
    run: (inputs, outputs, [x, scale]) => layerNormLoops(inputs, outputs, normalizationShape(x, scale)),
  },
});

/**
 * Layer norm over the last axis of x [B, .., C], then (1 + scale) and shift, each [1, C] or [B, C].
 * Throws when scale or shift have another shape, or not the same.
 */
export function layerNorm(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  normalizationShape(x.shape, scale.shape);
  if (shift.shape.join() !== scale.shape.join()) {
    throw new Error(`layerNorm: scale [${scale.shape}] and shift [${shift.shape}] differ in shape.`);
  }
  const [y, statistics] = runOperation('Physics.layerNorm', { x, scale, shift });
  // The tape keeps its own handle where the gradient needs it.
  statistics.dispose();
  return y;
}
