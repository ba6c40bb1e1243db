// Reads many tensors in one go: their buffers are copied into one staging buffer, which is mapped once.
//
// tfjs maps a staging buffer for every tensor, which takes longer than the copies where there are hundreds;
// joining them by a shader first costs dispatches. For the trained state after every step.

import { backend as activeBackend } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { bufferOf, flush } from './bridge.ts';

/**
 * Values of float32 tensors, in their order, as views of one new array; after all work issued so far.
 * Rejects when the device is lost.
 */
export async function readTogether(tensors: readonly Tensor[]): Promise<Float32Array[]> {
  const sizes = tensors.map(({ size }) => size);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const backend = activeBackend();
  const all = backend instanceof WebGPUBackend
    ? await mapped(backend, tensors, 4 * total)
    : joinedValues(await Promise.all(tensors.map((tensor) => tensor.data<'float32'>())), total);
  let at = 0;
  return sizes.map((size) => all.subarray(at, (at += size)));
}

async function mapped(backend: WebGPUBackend, tensors: readonly Tensor[], bytes: number): Promise<Float32Array> {
  const buffers = tensors.map((tensor) => bufferOf(backend, tensor));
  flush(backend);
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
  const staging = backend.device.createBuffer({ label: 'read together', size: bytes, usage });
  try {
    const encoder = backend.device.createCommandEncoder();
    let at = 0;
    tensors.forEach(({ size }, i) => {
      encoder.copyBufferToBuffer(buffers[i], 0, staging, at, 4 * size);
      at += 4 * size;
    });
    backend.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    return new Float32Array(staging.getMappedRange().slice(0));
  } finally {
    staging.destroy();
  }
}

function joinedValues(values: readonly Float32Array[], total: number): Float32Array {
  const all = new Float32Array(total);
  let at = 0;
  for (const part of values) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
