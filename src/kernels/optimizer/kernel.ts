// AdamW in place and clipping by the global norm, for steps that are captured and replayed.
//
// Nothing here reassigns a variable: the shader writes into the buffers of parameters and moments. The step's
// settings and the gradient's factor are tensors, so that they may differ at every replay. There is no
// gradient through an update. Oracle: oracle.ts.

import { backend as activeBackend, fill, util } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import adamwSource from '../../../shaders/optimizer/adamw.wgsl?raw';
import clipSource from '../../../shaders/optimizer/clip_factor.wgsl?raw';
import squaresSource from '../../../shaders/optimizer/sum_of_squares.wgsl?raw';
import { createOutput, dispatch } from '../../engine/bridge.ts';
import type { Shader } from '../../engine/bridge.ts';
import { vectorized, vectorWidth } from '../elementwise.ts';
import { registerOperation, runOperation } from '../register.ts';
import type { Values } from '../register.ts';
import { specialize } from '../specialize.ts';
import { isSoftwareAdapter } from '../variants.ts';
import { adamwStep, clipByGlobalNorm, settingsLength } from './oracle.ts';

export { adamwDefaults, adamwSettings } from './oracle.ts';
export type { AdamwOptions } from './oracle.ts';

const { sizeFromShape } = util;

// On the cpu and wasm backends the values are the tensor's own memory.
function memoryOf(values: ArrayLike<number>): Float32Array {
  if (!(values instanceof Float32Array)) {
    throw new Error('AdamW updates float32 tensors.');
  }
  return values;
}

function overwrite(target: ArrayLike<number>, source: ArrayLike<number>): void {
  memoryOf(target).set(source);
}

function subarray(values: ArrayLike<number>, start: number, length: number): Float32Array {
  return memoryOf(values).subarray(start, start + length);
}

/** Slots for parameters in the module. */
const updatedAtMost = 8;
const slots = Array.from({ length: updatedAtMost }, (_, k) => k);

/** Buffers that a dispatch binds at most. */
function bindableBuffers(): number {
  const backend = activeBackend();
  return backend instanceof WebGPUBackend ? backend.device.limits.maxStorageBuffersPerShaderStage : Infinity;
}

/** Parameters that one dispatch updates: settings, factor and moments take four of the buffers. */
function updatedTogether(): number {
  return Math.min(updatedAtMost, Math.floor((bindableBuffers() - 4) / 2));
}

/** The module that updates `count` parameters of this vector width. */
export function adamwShader(count: number, width: 1 | 4): Shader {
  const { name, code } = vectorized('optimizer/adamw', adamwSource, width);
  return specialize(name, code, Object.fromEntries(slots.slice(1).map((k) => [`HAS${k}`, Number(k < count)])));
}

/** Where each of these sizes begins when they lie one after the other, the first at `start`. */
function startsOf(sizes: readonly number[], start: number): number[] {
  let next = start;
  return sizes.map((size) => (next += size) - size);
}

registerOperation({
  name: 'Physics.adamw',
  inputNames: [
    'settings', 'gradientScale', ...slots.map((k) => `gradient${k}`), 'first', 'second', ...slots.map((k) => `parameter${k}`),
  ],
  webgpu(backend, inputs, attributes) {
    const count = attributes['count'] as number;
    const read = inputs.slice(0, 2 + count);
    const sizes = read.slice(2).map(({ shape }) => sizeFromShape(shape));
    const starts = startsOf(sizes, attributes['start'] as number);
    const width = [...sizes, ...starts].every((length) => vectorWidth(length) === 4) ? 4 : 1;
    const numbered = (name: string, values: number[]) => values.map((value, k) => [`${name}${k}`, value / width]);
    const program = {
      shader: adamwShader(count, width),
      constants: { ...Object.fromEntries([...numbered('size', sizes), ...numbered('start', starts)]), unit: 1 },
      workgroups: [Math.ceil(Math.max(...sizes) / width / 64), count, 1] as const,
    };
    dispatch(backend, program, read, inputs.slice(2 + count));
    return [];
  },
  cpu(inputs, attributes) {
    const count = attributes['count'] as number;
    const [settings, gradientScale] = inputs;
    const [first, second, ...parameters] = inputs.slice(2 + count);
    const gradients = inputs.slice(2, 2 + count);
    const starts = startsOf(gradients.map(({ values }) => values.length), attributes['start'] as number);
    gradients.forEach(({ values: gradient }, k) => {
      const own = ({ values }: Values) => subarray(values, starts[k], gradient.length);
      const state = { parameter: parameters[k].values, first: own(first), second: own(second) };
      const next = adamwStep(state, gradient, settings.values, gradientScale.values[0]);
      overwrite(state.parameter, next.parameter);
      overwrite(state.first, next.first);
      overwrite(state.second, next.second);
    });
    return [];
  },
  changes: ['first', 'second', ...slots.map((k) => `parameter${k}`)],
});

/** Slots for tensors in the module. */
const squaresAtMost = 9;
const squaresInputs = Array.from({ length: squaresAtMost }, (_, k) => `x${k}`);

/** Tensors whose squares one dispatch sums: the sums take one of the buffers. */
function squaresTogether(): number {
  return Math.min(squaresAtMost, bindableBuffers() - 1);
}

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
    const counts = tensors.map(({ shape }) => sizeFromShape(shape));
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

/** What an update reads and writes; parameters, first and second are changed in place. */
export interface AdamwTensors {
  parameters: readonly Tensor[];
  /** First and second moments of all parameters, one after the other, [their elements]; zeros before the first step. */
  first: Tensor;
  second: Tensor;
  /** Of the parameters' shapes, in their order. */
  gradients: readonly Tensor[];
  /** adamwSettings(options, step), [9]. */
  settings: Tensor;
  /** Factor on the gradients, [1]: clipping or the inverse of an accumulation count. */
  gradientScale: Tensor;
}

/**
 * One AdamW step on all parameters, in place, in few dispatches. Throws when the shapes differ.
 * Uninitialised moments on the GPU come from tf.zeros.
 */
export function adamw({ parameters, first, second, gradients, settings, gradientScale }: AdamwTensors): void {
  parameters.forEach((parameter, i) => {
    const gradient: Tensor | undefined = gradients[i];
    if (gradient?.shape.join() !== parameter.shape.join() || gradient.dtype !== 'float32') {
      throw new Error(`adamw: a parameter [${parameter.shape}] was given a tensor [${gradient?.shape}].`);
    }
  });
  const total = parameters.reduce((sum, { size }) => sum + size, 0);
  for (const { size, dtype } of [first, second]) {
    if (size !== total || dtype !== 'float32') {
      throw new Error(`adamw: ${total} elements of parameters were given ${size} moments.`);
    }
  }
  if (settings.size !== settingsLength || gradientScale.size !== 1) {
    throw new Error(`adamw: settings have ${settingsLength} values and gradientScale 1.`);
  }
  const together = updatedTogether();
  let start = 0;
  for (let i = 0; i < parameters.length; i += together) {
    const group = parameters.slice(i, i + together);
    const named = Object.fromEntries(group.flatMap((parameter, k) => [
      [`parameter${k}`, parameter], [`gradient${k}`, gradients[i + k]],
    ]));
    runOperation('Physics.adamw', { settings, gradientScale, first, second, ...named }, { count: group.length, start });
    start += group.reduce((sum, { size }) => sum + size, 0);
  }
}

/**
 * The norm over all gradients together [1], and the factor [1] that clips it to `maximum` (a constant of a
 * capture; 0 clips nothing). Pass the factor to adamw as gradientScale. The caller disposes of both.
 */
export function clipFactor(gradients: Tensor[], maximum: number): { factor: Tensor; norm: Tensor } {
  // Filled on the GPU: an uploaded tensor would be a constant of a capture.
  const sums = fill([gradients.length], 0);
  const together = squaresTogether();
  for (let slot = 0; slot < gradients.length; slot += together) {
    const group = gradients.slice(slot, slot + together);
    const named = Object.fromEntries(group.map((x, k) => [squaresInputs[k], x]));
    runOperation('Physics.sumsOfSquares', { ...named, sums }, { slot });
  }
  const [factor, norm] = runOperation('Physics.clipFactor', { sums }, { maximum });
  sums.dispose();
  return { factor, norm };
}
