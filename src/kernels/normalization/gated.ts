// Gated sum, then layer norm with modulation: sum = x + gate added, y = layerNorm(sum), in one pass; and its gradients.
//
// A residual connection is followed by a norm nearly everywhere in a transformer (arXiv:2212.09748): alone, each of them
// reads and writes the whole sequence, and so do the gradients of both and their sum. Each gradient is computed only
// when asked for, but that of x brings that of `added` along.

import { registerGradient } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import forwardSource from '../../../shaders/normalization/forward.wgsl?raw';
import inputSource from '../../../shaders/normalization/gradient_input.wgsl?raw';
import { createOutput, dispatch } from '../../engine/bridge.ts';
import '../gated-add/gradient.ts';
import { gatedAddForward, gatedAddValueGradient } from '../gated-add/oracle.ts';
import { gatedShape } from '../gated-add/shape.ts';
import { registerOperation, runOperation } from '../register.ts';
import './gradient.ts';
import { gatedLayerNormGradientLoops, gatedLayerNormLoops } from './loops.ts';
import { epsilon, layerNormForward, layerNormInputGradient } from './oracle.ts';
import { rowProgram } from './programs.ts';
import { normalizationShape } from './shape.ts';

registerOperation({
  name: 'Physics.gatedLayerNorm',
  inputNames: ['x', 'scale', 'shift', 'added', 'gate'],
  webgpu(backend, [x, scale, shift, added, gate]) {
    const shape = normalizationShape(x.shape, scale.shape);
    const { rows, channels, groups } = shape;
    const { batch, tokens } = gatedShape(x.shape, gate.shape);
    const [sum, y] = [createOutput(backend, x.shape), createOutput(backend, x.shape)];
    const statistics = createOutput(backend, [rows, 2]);
    const [values, modulation, gates] = [4 * rows * channels, 4 * groups * channels, 4 * batch * channels];
    const bytes = [values, modulation, modulation, values, gates, values, 8 * rows, values];
    const program = rowProgram(
      backend.device, 'normalization/forward', forwardSource, shape, { epsilon, rowsPerGate: tokens, unit: 1 }, bytes);
    dispatch(backend, program, [x, scale, shift, added, gate], [y, statistics, sum]);
    return [sum, y, statistics];
  },
  cpu([x, scale, shift, added, gate]) {
    const shape = normalizationShape(x.shape, scale.shape);
    const sum = gatedAddForward(x.values, added.values, gate.values, gatedShape(x.shape, gate.shape));
    const { y, statistics } = layerNormForward(sum, scale.values, shift.values, shape);
    return [
      { values: sum, shape: x.shape }, { values: y, shape: x.shape }, { values: statistics, shape: [shape.rows, 2] },
    ];
  },
  loops: {
    shapes: ([x, scale]) => [x, x, [normalizationShape(x, scale).rows, 2]],
    run: (inputs, outputs, [x, scale, , , gate]) =>
      gatedLayerNormLoops(inputs, outputs, normalizationShape(x, scale), gatedShape(x, gate)),
  },
});

registerOperation({
  name: 'Physics.gatedLayerNormGradient',
  inputNames: ['sum', 'scale', 'statistics', 'dy', 'dsum', 'gate'],
  webgpu(backend, [sum, scale, statistics, dy, dsum, gate]) {
    const shape = normalizationShape(sum.shape, scale.shape);
    const { rows, channels, groups } = shape;
    const { batch, tokens } = gatedShape(sum.shape, gate.shape);
    const [dx, dadded] = [createOutput(backend, sum.shape), createOutput(backend, sum.shape)];
    const [values, modulation, gates] = [4 * rows * channels, 4 * groups * channels, 4 * batch * channels];
    const bytes = [values, modulation, 8 * rows, values, values, gates, values, values];
    const program = rowProgram(
      backend.device, 'normalization/gradient_input', inputSource, shape, { rowsPerGate: tokens, unit: 1 }, bytes);
    dispatch(backend, program, [sum, scale, statistics, dy, dsum, gate], [dx, dadded]);
    return [dx, dadded];
  },
  cpu([sum, scale, statistics, dy, dsum, gate]) {
    const shape = normalizationShape(sum.shape, scale.shape);
    const through = layerNormInputGradient(sum.values, scale.values, statistics.values, dy.values, shape);
    const dx = through.map((value, i) => value + dsum.values[i]);
    const dadded = gatedAddValueGradient(dx, gate.values, gatedShape(sum.shape, gate.shape));
    return [{ values: dx, shape: sum.shape }, { values: dadded, shape: sum.shape }];
  },
  loops: {
    shapes: ([sum]) => [sum, sum],
    run: (inputs, outputs, [sum, scale, , , , gate]) =>
      gatedLayerNormGradientLoops(inputs, outputs, normalizationShape(sum, scale), gatedShape(sum, gate)),
  },
});

registerGradient({
  kernelName: 'Physics.gatedLayerNorm',
  inputsToSave: ['scale', 'added', 'gate'],
  outputsToSave: [true, false, true],
  gradFunc(gradients, saved) {
    const [dsum, dy] = gradients as Tensor[];
    const [scale, added, gate, sum, statistics] = saved;
    // Outside the thunks, because each of them is tidied by itself and all but the modulation's need it.
    const [dx, dadded] = runOperation('Physics.gatedLayerNormGradient', { sum, scale, statistics, dy, dsum, gate });
    const modulationGradient = (ofScale: boolean): Tensor => runOperation(
      'Physics.layerNormModulationGradient', { x: sum, statistics, dy }, { groups: scale.shape[0], ofScale })[0];
    return {
      x: () => dx,
      added: () => dadded,
      gate: () => runOperation('Physics.gatedAddGateGradient', { dout: dx, y: added })[0],
      scale: () => modulationGradient(true),
      shift: () => modulationGradient(false),
    };
  },
});

/**
 * [sum, y]: sum = x + gate added and y = layer norm of it over the last axis, then (1 + scale) and shift.
 * @param x [B, L, C]
 * @param added [B, L, C]
 * @param gate [B, C]
 * @param scale [1, C] or [B, C]
 * @param shift like scale
 * @throws when the shapes do not fit
 */
export function gatedLayerNorm(x: Tensor, added: Tensor, gate: Tensor, scale: Tensor, shift: Tensor): [Tensor, Tensor] {
  normalizationShape(x.shape, scale.shape);
  gatedShape(x.shape, gate.shape);
  if (added.shape.join() !== x.shape.join() || shift.shape.join() !== scale.shape.join()) {
    throw new Error(`gatedLayerNorm: x [${x.shape}] and what is added [${added.shape}], or scale [${scale.shape}] and `
      + `shift [${shift.shape}], differ in shape.`);
  }
  const [sum, y, statistics] = runOperation('Physics.gatedLayerNorm', { x, scale, shift, added, gate });
  // The tape keeps its own handle where the gradient needs it.
  statistics.dispose();
  return [sum, y];
}
