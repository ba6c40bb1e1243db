// Normal noise made on the GPU from a key in a buffer, so that a replayed step can change its seed.
//
// The same stream as normalArray(seed, stream, count) in src/math/normal.ts, to about 1e-6 relative
// (logarithm and cosine round differently). No gradient: noise depends on nothing that is trained.

import { tensor1d } from '@tensorflow/tfjs-core';
import type { NamedAttrMap, Tensor, Tensor1D, TensorInfo } from '@tensorflow/tfjs-core';
import source from '../../../shaders/random/normal.wgsl?raw';
import { createOutput, dispatch, flatWorkgroups } from '../../engine/bridge.ts';
import type { WebGPUBackend } from '../../engine/bridge.ts';
import { keyFromSeed } from '../../math/random.ts';
import { registerOperation, runOperation } from '../register.ts';
import { normalValues, philoxWords } from './oracle.ts';

const threads = 64;

function generate(
  backend: WebGPUBackend,
  key: TensorInfo,
  attributes: NamedAttrMap,
  entryPoint: 'main' | 'words',
): TensorInfo[] {
  const shape = attributes['shape'] as number[];
  const size = shape.reduce((product, length) => product * length, 1);
  const y = createOutput(backend, shape, entryPoint === 'main' ? 'float32' : 'int32');
  const program = {
    shader: { name: 'random/normal', code: source },
    // The words entry point uses no `unit`; constants a pipeline does not use are allowed.
    constants: { size, weyl: 0x9e3779b9, unit: 1 },
    workgroups: flatWorkgroups(backend.device, Math.ceil(size / 4 / threads)),
    entryPoint,
  };
  dispatch(backend, program, [key], [y]);
  return [y];
}

function shapeOf(attributes: NamedAttrMap): { shape: number[]; size: number } {
  const shape = attributes['shape'] as number[];
  return { shape, size: shape.reduce((product, length) => product * length, 1) };
}

registerOperation({
  name: 'Physics.normal',
  inputNames: ['key'],
  webgpu: (backend, [key], attributes) => generate(backend, key, attributes, 'main'),
  cpu([key], attributes) {
    const { shape, size } = shapeOf(attributes);
    return [{ values: normalValues(key.values, size), shape }];
  },
});

registerOperation({
  name: 'Physics.philox',
  inputNames: ['key'],
  webgpu: (backend, [key], attributes) => generate(backend, key, attributes, 'words'),
  cpu([key], attributes) {
    const { shape, size } = shapeOf(attributes);
    return [{ values: Int32Array.from(philoxWords(key.values, size)), shape }];
  },
});

/** The values of a key tensor: (seed low, seed high, stream) as 32-bit words. For capture.write as well. */
export function normalKey(seed: number | bigint, stream: number): Int32Array<ArrayBuffer> {
  const [low, high] = keyFromSeed(seed);
  return Int32Array.of(low, high, stream);
}

/** A key tensor [3] for normal(); the caller keeps and disposes it. */
export function normalKeyTensor(seed: number | bigint, stream: number): Tensor1D {
  return tensor1d(normalKey(seed, stream), 'int32');
}

function checkKey(key: Tensor): void {
  if (key.dtype !== 'int32' || key.size !== 3) {
    throw new Error(`normal needs an int32 key [3], got ${key.dtype} [${key.shape}].`);
  }
}

/** Standard normal numbers of this shape, read along the last axis first. Throws on a key that is none. */
export function normal(shape: number[], key: Tensor): Tensor {
  checkKey(key);
  return runOperation('Physics.normal', { key }, { shape: [...shape] })[0];
}

/** The raw words [count] of the stream, int32: what normal() is made from. */
export function philoxTensor(count: number, key: Tensor): Tensor {
  checkKey(key);
  return runOperation('Physics.philox', { key }, { shape: [count] })[0];
}
