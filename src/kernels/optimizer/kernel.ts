// AdamW in place and clipping by the global norm, for steps that are captured and replayed.
//
// Nothing here reassigns a variable: the shader writes into the buffers of parameter and moments. The step's
// settings and the gradient's factor are tensors, so that they may differ at every replay. There is no
// gradient through an update. Oracle: oracle.ts.

import { fill } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import adamwSource from '../../../shaders/optimizer/adamw.wgsl?raw';
import clipSource from '../../../shaders/optimizer/clip_factor.wgsl?raw';
import squaresSource from '../../../shaders/optimizer/sum_of_squares.wgsl?raw';
import { createOutput, dispatch } from '../../engine/bridge.ts';
import type { Shader } from '../../engine/bridge.ts';
import { dispatchElementwise, vectorized, vectorWidth } from '../elementwise.ts';
import { registerOperation, runOperation } from '../register.ts';
import { specialize } from '../specialize.ts';
import { isSoftwareAdapter } from '../variants.ts';
import { adamwStep, clipByGlobalNorm, settingsLength } from './oracle.ts';

export { adamwDefaults, adamwSettings } from './oracle.ts';
export type { AdamwOptions } from './oracle.ts';

const sizeOf = (shape: number[]): number => shape.reduce((product, length) => product * length, 1);

// On the cpu and wasm backends the values are the tensor's own memory.
function overwrite(target: ArrayLike<number>, source: ArrayLike<number>): void {
  if (!(target instanceof Float32Array)) {
    throw new Error('AdamW updates float32 tensors.');
  }
  target.set(source);
}

registerOperation({
  name: 'Physics.adamw',
  inputNames: ['gradient', 'settings', 'gradientScale', 'parameter', 'first', 'second'],
  webgpu(backend, [gradient, settings, gradientScale, ...state]) {
    const size = sizeOf(gradient.shape);
    const width = vectorWidth(size);
    const shader = vectorized('optimizer/adamw', adamwSource, width);
    const inputs = [gradient, settings, gradientScale];
    dispatchElementwise(backend, shader, size / width, { unit: 1 }, inputs, state);
    return [];
  },
  cpu([gradient, settings, gradientScale, parameter, first, second]) {
    const state = { parameter: parameter.values, first: first.values, second: second.values };
    const next = adamwStep(state, gradient.values, settings.values, gradientScale.values[0]);
    overwrite(parameter.values, next.parameter);
    overwrite(first.values, next.first);
    overwrite(second.values, next.second);
    return [];
  },
  changes: ['parameter', 'first', 'second'],
});

/** Tensors that one dispatch can read, besides the sums that it writes: a device binds eight buffers at least. */
const squaresTogether = 6;
const squaresInputs = Array.from({ length: squaresTogether }, (_, k) => `x${k}`);

/** The module that sums the squares of `count` tensors of this vector width. */
export function squaresShader(count: number, width: 1 | 4): Shader {
  const { name, code } = vectorized('optimizer/sum_of_squares', squaresSource, width);
  const optional = squaresInputs.slice(1).map((_, k) => [`HAS${k + 1}`, Number(k + 1 < count)]);
  return specialize(name, code, Object.fromEntries(optional));
}

registerOperation({
  name: 'Physics.sumsOfSquares',
  inputNames: [...squaresInputs, 'sums'],
  webgpu(backend, inputs, attributes) {
    const tensors = inputs.slice(0, -1);
    const counts = tensors.map(({ shape }) => sizeOf(shape));
    const width = counts.every((count) => vectorWidth(count) === 4) ? 4 : 1;
    // Barriers cost a software adapter more than they save.
    const threads = isSoftwareAdapter(backend.device.adapterInfo) ? 16 : 256;
    const program = {
      shader: squaresShader(tensors.length, width),
      constants: {
        ...Object.fromEntries(counts.map((count, k) => [`size${k}`, count / width])),
        slot: attributes['slot'] as number, threads, unit: 1,
      },
      workgroups: [tensors.length, 1, 1] as const,
    };
    dispatch(backend, program, tensors, [inputs[inputs.length - 1]]);
    return [];
  },
  cpu(inputs, attributes) {
    const sums = inputs[inputs.length - 1];
    const next = Float64Array.from(sums.values);
    inputs.slice(0, -1).forEach(({ values }, k) => {
      const { norm } = clipByGlobalNorm([values], 0);
      next[(attributes['slot'] as number) + k] = norm * norm;
    });
    overwrite(sums.values, next);
    return [];
  },
  changes: ['sums'],
});

registerOperation({
  name: 'Physics.clipFactor',
  inputNames: ['sums'],
  webgpu(backend, [sums], attributes) {
    const outputs = [createOutput(backend, [1]), createOutput(backend, [1])];
    const program = {
      shader: { name: 'optimizer/clip_factor', code: clipSource },
      constants: { count: sums.shape[0], maximum: attributes['maximum'] as number },
      workgroups: [1, 1, 1] as const,
    };
    dispatch(backend, program, [sums], outputs);
    return outputs;
  },
  cpu([sums], attributes) {
    const roots = Float64Array.from(sums.values, Math.sqrt);
    const { factor, norm } = clipByGlobalNorm([roots], attributes['maximum'] as number);
    return [
      { values: [factor], shape: [1] },
      { values: [norm], shape: [1] },
    ];
  },
});

/** What one parameter's update reads and writes; parameter, first and second are changed in place. */
export interface AdamwTensors {
  parameter: Tensor;
  /** First and second moments, zeros before the first step, of the parameter's shape. */
  first: Tensor;
  second: Tensor;
  gradient: Tensor;
  /** adamwSettings(options, step), [9]. */
  settings: Tensor;
  /** Factor on the gradient, [1]: clipping or the inverse of an accumulation count. */
  gradientScale: Tensor;
}

/**
 * One AdamW step on one parameter, in place: its tensor, first and second moment are changed.
 * Throws when the shapes differ. Uninitialised moments on the GPU come from tf.zeros or tf.zerosLike.
 */
export function adamw({ parameter, first, second, gradient, settings, gradientScale }: AdamwTensors): void {
  for (const tensor of [first, second, gradient]) {
    if (tensor.shape.join() !== parameter.shape.join() || tensor.dtype !== 'float32') {
      throw new Error(`adamw: a parameter [${parameter.shape}] was given a tensor [${tensor.shape}].`);
    }
  }
  if (settings.size !== settingsLength || gradientScale.size !== 1) {
    throw new Error(`adamw: settings have ${settingsLength} values and gradientScale 1.`);
  }
  runOperation('Physics.adamw', { gradient, settings, gradientScale, parameter, first, second });
}

/**
 * The norm over all gradients together [1], and the factor [1] that clips it to `maximum` (a constant of a
 * capture; 0 clips nothing). Pass the factor to adamw as gradientScale. The caller disposes of both.
 */
export function clipFactor(gradients: Tensor[], maximum: number): { factor: Tensor; norm: Tensor } {
  // Filled on the GPU: an uploaded tensor would be a constant of a capture.
  const sums = fill([gradients.length], 0);
  for (let slot = 0; slot < gradients.length; slot += squaresTogether) {
    const group = gradients.slice(slot, slot + squaresTogether);
    const named = Object.fromEntries(group.map((x, k) => [squaresInputs[k], x]));
    runOperation('Physics.sumsOfSquares', { ...named, sums }, { slot });
  }
  const [factor, norm] = runOperation('Physics.clipFactor', { sums }, { maximum });
  sums.dispose();
  return { factor, norm };
}
