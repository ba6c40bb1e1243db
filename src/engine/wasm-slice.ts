// Slices and splits on tfjs's wasm backend without copies of the whole tensor.
//
// tfjs 4.22.0 copies all of a tensor for each slice of it, and takes one of rank 5 or more element by element, through
// lists of indices. In a page, where every such copy is fresh memory, a pair of clips spent most of its time there. These
// kernels take the places of tfjs's and move each run of neighbouring values at once.

import { backend_util, getKernel, registerKernel, slice_util, unregisterKernel, util } from '@tensorflow/tfjs-core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/** Runs shorter than this are moved in a loop: views cost more. */
const shortest = 32;

/** The values of x [shape] from `begin` on, `size` of them along each axis, copied to `out`. */
export function copySlice<Values extends Float32Array | Int32Array | Uint8Array>(
  x: Values, shape: readonly number[], begin: readonly number[], size: readonly number[], out: Values,
): void {
  // Axes from `inner` on are taken whole: their values, and those that follow each other on the axis before, are a run.
  let inner = shape.length;
  while (inner > 0 && size[inner - 1] === shape[inner - 1]) inner -= 1;
  const axis = Math.max(0, inner - 1);
  const strides = [...util.computeStrides([...shape]), 1];
  const run = size.slice(axis).reduce((product, length) => product * length, 1);
  const start = begin.reduce((sum, from, i) => sum + from * strides[i], 0);
  const at = Array.from({ length: axis }, () => 0);
  let from = start;
  for (let to = 0; to < out.length; to += run) {
    if (run < shortest) {
      for (let i = 0; i < run; i++) out[to + i] = x[from + i];
    } else {
      out.set(x.subarray(from, from + run) as never, to);
    }
    // To the next run, as an odometer counts.
    for (let i = axis - 1; i >= 0; i--) {
      at[i] += 1;
      from += strides[i];
      if (at[i] < size[i]) break;
      from -= at[i] * strides[i];
      at[i] = 0;
    }
  }
}

function sliced(backend: BackendWasm, x: TensorInfo, begin: number[], size: number[]): TensorInfo {
  const output = backend.makeOutput(size, x.dtype);
  // Views after the output is there: making it may move the backend's memory.
  copySlice(backend.typedArrayFromHeap(x), x.shape, begin, size, backend.typedArrayFromHeap(output));
  return output;
}

/** Puts the kernels in the places of tfjs's. Tensors of strings still go to those. */
export function registerWasmSlices(): void {
  const replace = (kernelName: string, make: (backend: BackendWasm, x: TensorInfo, attributes: never) => TensorInfo | TensorInfo[]) => {
    const before = getKernel(kernelName, 'wasm').kernelFunc;
    const kernelFunc: KernelFunc = (parameters) => {
      const { x } = parameters.inputs;
      if (x === undefined || x.dtype === 'string') return before(parameters);
      return make(parameters.backend as BackendWasm, x, parameters.attrs as never);
    };
    unregisterKernel(kernelName, 'wasm');
    registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  };
  replace('Slice', (backend, x, { begin, size }: { begin: number[]; size: number[] }) => {
    const [from, count] = slice_util.parseSliceParams(x as never, begin, size);
    return sliced(backend, x, from, count);
  });
  replace('SplitV', (backend, x, { numOrSizeSplits, axis }: { numOrSizeSplits: number | number[]; axis: number }) => {
    const [along] = util.parseAxisParam(axis, x.shape);
    const begin = x.shape.map(() => 0);
    return backend_util.prepareSplitSize(x as never, numOrSizeSplits, along).map((length) => {
      const part = sliced(backend, x, [...begin], x.shape.with(along, length));
      begin[along] += length;
      return part;
    });
  });
}
