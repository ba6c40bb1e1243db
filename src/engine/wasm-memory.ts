// Writing into tensors of tfjs's wasm backend, and the only file that touches its private fields (4.22.0; a test
// fails when they differ).
//
// The backend keeps matrices and filters in the packed form of its products, filed under the tensor's number: a
// tensor that is written into must get a new number, or later products would go on with the old values.

import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/** What tfjs 4.22.0 keeps of a tensor. */
interface TensorData {
  id: number;
  memoryOffset: number;
}

/** Private fields of BackendWasm. */
interface Internals {
  dataIdNextNumber: number;
  readonly dataIdMap: { get(dataId: object): TensorData };
  readonly wasm: {
    readonly tfjs: {
      registerTensor(id: number, size: number, memoryOffset: number): void;
      disposeData(id: number): void;
    };
  };
}

/** Tells the backend that the values of a tensor were changed in place. */
export function markChanged(backend: BackendWasm, { dataId, shape }: TensorInfo): void {
  const internals = backend as unknown as Internals;
  const data = internals.dataIdMap.get(dataId);
  const size = shape.reduce((product, length) => product * length, 1);
  internals.wasm.tfjs.disposeData(data.id);
  data.id = internals.dataIdNextNumber++;
  internals.wasm.tfjs.registerTensor(data.id, size, data.memoryOffset);
}

/** Replaces the values of a tensor in place: as many as it has, of its own type. */
export function writeValues(backend: BackendWasm, tensor: TensorInfo, values: Float32Array | Int32Array): void {
  backend.typedArrayFromHeap(tensor).set(values);
  markChanged(backend, tensor);
}
