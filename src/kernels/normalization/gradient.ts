// Gradients of layer norm to x, scale and shift. Each is computed only when asked for: with scale and shift
// from a frozen condition no modulation gradient is dispatched. First derivatives only.

import { registerGradient } from '@tensorflow/tfjs-core';
import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import inputSource from '../../../shaders/normalization/gradient_input.wgsl?raw';
import modulationSource from '../../../shaders/normalization/gradient_modulation.wgsl?raw';
import { createOutput, dispatch } from '../../engine/bridge.ts';
import { vectorized, vectorWidth } from '../elementwise.ts';
import { registerOperation, runOperation } from '../register.ts';
import { isSoftwareAdapter } from '../variants.ts';
import { layerNormInputGradientLoops, layerNormModulationGradientLoops } from './loops.ts';
import { layerNormInputGradient, layerNormModulationGradients } from './oracle.ts';
import { rowProgram, workgroupThreads } from './programs.ts';
import { normalizationShape } from './shape.ts';

registerOperation({
  name: 'Physics.layerNormInputGradient',
  inputNames: ['x', 'scale', 'statistics', 'dy'],
  webgpu(backend, [x, scale, statistics, dy]) {
    const shape = normalizationShape(x.shape, scale.shape);
    const { rows, channels, groups } = shape;
    const dx = createOutput(backend, x.shape);
    const [values, modulation] = [4 * rows * channels, 4 * groups * channels];
    const bytes = [values, modulation, 8 * rows, values, values];
    const program = rowProgram(backend.device, 'normalization/gradient_input', inputSource, shape, { unit: 1 }, bytes);
    dispatch(backend, program, [x, scale, statistics, dy], [dx]);
    return [dx];
  },
  cpu([x, scale, statistics, dy]) {
    const shape = normalizationShape(x.shape, scale.shape);
    const values = layerNormInputGradient(x.values, scale.values, statistics.values, dy.values, shape);
    return [{ values, shape: x.shape }];
  },
  loops: {
    shapes: ([x]) => [x],
    run: (inputs, [dx], [x, scale]) => layerNormInputGradientLoops(inputs, dx, normalizationShape(x, scale)),
  },
});

registerOperation({
  name: 'Physics.layerNormModulationGradient',
  inputNames: ['x', 'statistics', 'dy'],
  webgpu(backend, [x, statistics, dy], attributes) {
    const { groups, ofScale } = modulationAttributes(attributes);
    const channels = x.shape[x.shape.length - 1];
    const { rows } = normalizationShape(x.shape, [groups, channels]);
    const width = vectorWidth(channels);
    const C = channels / width;
    // A GPU hides latency with many threads a column; a software adapter has few to begin with.
    const lanes = isSoftwareAdapter(backend.device.adapterInfo) ? 4 : 16;
    const columns = workgroupThreads / lanes;
    const result = createOutput(backend, [groups, channels]);
    const program = {
      shader: vectorized('normalization/gradient_modulation', modulationSource, width),
      constants: { C, rowsPerGroup: rows / groups, columns, lanes, ofScale: ofScale ? 1 : 0, unit: 1 },
      workgroups: [Math.ceil(C / columns), groups, 1] as const,
    };
    dispatch(backend, program, [x, statistics, dy], [result]);
    return [result];
  },
  cpu([x, statistics, dy], attributes) {
    const { groups, ofScale } = modulationAttributes(attributes);
    const channels = x.shape[x.shape.length - 1];
    const shape = normalizationShape(x.shape, [groups, channels]);
    const { dscale, dshift } = layerNormModulationGradients(x.values, statistics.values, dy.values, shape);
    return [{ values: ofScale ? dscale : dshift, shape: [groups, channels] }];
  },
  loops: {
    shapes: ([x], attributes) => [[modulationAttributes(attributes).groups, x[x.length - 1]]],
    run(inputs, [gradient], [x], attributes) {
      const { groups, ofScale } = modulationAttributes(attributes);
      const shape = normalizationShape(x, [groups, x[x.length - 1]]);
      layerNormModulationGradientLoops(inputs, gradient, ofScale, shape);
    },
  },
});

function modulationAttributes(attributes: NamedAttrMap): { groups: number; ofScale: boolean } {
  return { groups: attributes['groups'] as number, ofScale: attributes['ofScale'] as boolean };
}

registerGradient({
  kernelName: 'Physics.layerNorm',
  inputsToSave: ['x', 'scale'],
  outputsToSave: [false, true],
  gradFunc(dy, [x, scale, statistics]) {
    const [gradient] = dy as Tensor[];
    const modulationGradient = (ofScale: boolean): Tensor => {
      const attributes = { groups: scale.shape[0], ofScale };
      const inputs = { x, statistics, dy: gradient };
      return runOperation('Physics.layerNormModulationGradient', inputs, attributes)[0];
    };
    return {
      x: () => runOperation('Physics.layerNormInputGradient', { x, scale, statistics, dy: gradient })[0],
      scale: () => modulationGradient(true),
      shift: () => modulationGradient(false),
    };
  },
});
