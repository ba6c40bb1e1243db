// Writes new values into a tensor's own buffer, so that captured steps which hold the buffer see them.
// For state that is otherwise updated by shaders: restoring a snapshot, setting a learning rate.

import { backend as activeBackend } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { bufferOf, flush, markRewritten } from './bridge.ts';
import { writeValues } from './wasm-memory.ts';

/**
 * Replaces the values of a float32 or int32 tensor in place, after all work issued so far and before any later.
 * @throws RangeError when the number of values is another than the tensor's
 */
export function overwrite(target: Tensor, values: Float32Array | Int32Array): void {
  if (values.length !== target.size) {
    throw new RangeError(`A tensor [${target.shape}] takes ${target.size} values, got ${values.length}.`);
  }
  const backend = activeBackend();
  if (backend instanceof WebGPUBackend) {
    const buffer = bufferOf(backend, target);
    // What is recorded but not submitted must still see the old values.
    flush(backend);
    backend.queue.writeBuffer(buffer, 0, values.slice());
    markRewritten(backend, target);
  } else if (backend instanceof MathBackendCPU) {
    Object.assign(backend.data.get(target.dataId), { values: values.slice() });
  } else if (backend instanceof BackendWasm) {
    writeValues(backend, target, values);
  } else {
    throw new Error('Tensors are overwritten on the webgpu, wasm and cpu backends only.');
  }
}
