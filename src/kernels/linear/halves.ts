// Matrices of layers that are not trained, stored as halves on a GPU: products read half the bytes and unpack them on load.
//
// What a file holds in f16 is kept exactly; sums are f32 as ever. Such a matrix [K, N] is an int32 tensor [K, N / 2], two
// neighbours of a row in a word, the first in its lower half. Only the products know of it (linear, adaptedLinear and
// their gradients to the input); other backends and other operations take f32.

import { backend, tensor2d } from '@tensorflow/tfjs-core';
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { isSoftwareAdapter } from '../variants.ts';

/** Whether a product's matrix holds halves. */
export function isHalves({ dtype }: TensorInfo): boolean {
  return dtype === 'int32';
}

/** K and N of a product's matrix [K, N], however it is stored. */
export function matrixShape(matrix: TensorInfo): [depth: number, columns: number] {
  const [depth, columns] = matrix.shape;
  return [depth, isHalves(matrix) ? 2 * columns : columns];
}

/**
 * A matrix of halves on the active backend.
 * @param halves [K, N] as 16 bits each; K and N are multiples of 4
 */
export function halvesTensor(halves: Uint16Array, depth: number, columns: number): Tensor {
  if (depth % 4 !== 0 || columns % 4 !== 0 || halves.length !== depth * columns) {
    throw new Error(`halvesTensor: ${halves.length} halves are no matrix [${depth}, ${columns}] of whole fours.`);
  }
  // A copy where the file's bytes are not aligned to words.
  const aligned = halves.byteOffset % 4 === 0 ? halves : halves.slice();
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 2);
  return tensor2d(words, [depth, columns / 2], 'int32');
}

let forced = false;

/** Makes adapters that compute on the CPU take halves as well, for suites. */
export function forceHalves(on: boolean): void {
  forced = on;
}

/**
 * Whether the active backend's products are to read matrices of this shape as halves. On an adapter that computes on the
 * CPU they are unpacked slower than they are read.
 */
export function prefersHalves(shape: readonly number[]): boolean {
  const active = backend();
  return shape.length === 2 && shape.every((size) => size % 4 === 0)
    && active instanceof WebGPUBackend && (forced || !isSoftwareAdapter(active.device.adapterInfo));
}
