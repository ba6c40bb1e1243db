// Registers an operation as a tfjs kernel on every backend: the shader on 'webgpu', the f64 oracle on 'cpu', and on
// 'wasm' a composition of tfjs's own kernels or loops over its memory, whichever is faster, or the oracle where there is
// neither.
//
// One public function per operation then runs on any of them, inside tidy, tf.grads and captures. Gradients are
// registered with tfjs's registerGradient in each operation's gradient.ts. float32 results only, unless the
// oracle says otherwise.

import { engine, registerKernel, tidy } from '@tensorflow/tfjs-core';
import type { NamedAttrMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { markChanged } from '../engine/wasm-memory.ts';

/** A tensor as the oracles see it: flat values, last axis fastest, and the shape. */
export interface Values {
  values: ArrayLike<number>;
  shape: number[];
}

/** What an operation does on each backend. `inputs` come in the order of `inputNames`. */
export interface Operation {
  name: string;
  inputNames: readonly string[];
  /** Dispatches shaders and returns the outputs; intermediates are released here. */
  webgpu(backend: WebGPUBackend, inputs: TensorInfo[], attributes: NamedAttrMap): TensorInfo[];
  /** The oracle: plain loops in f64. */
  cpu(inputs: Values[], attributes: NamedAttrMap): Values[];
  /**
   * The same by tfjs's own kernels, for its wasm backend, whose products are much faster than loops. Runs inside
   * tidy. Null for shapes that it is not made for: the oracle answers then, as for operations without one.
   */
  wasm?(inputs: Tensor[], attributes: NamedAttrMap): Tensor[] | null;
  /** The same by loops, for its wasm backend, where they are faster than a composition. */
  loops?: Loops;
  /** Inputs, by name, that the operation writes into. */
  changes?: readonly string[];
}

/** An operation on f32 values in the wasm backend's memory. */
export interface Loops {
  /** Shapes of the outputs. */
  shapes(inputs: number[][], attributes: NamedAttrMap): number[][];
  /** Writes every value of the outputs, and nothing else. */
  run(inputs: Float32Array[], outputs: Float32Array[], shapes: number[][], attributes: NamedAttrMap): void;
}

function runLoops({ shapes, run }: Loops, backend: BackendWasm, inputs: TensorInfo[], attributes: NamedAttrMap): TensorInfo[] {
  const given = inputs.map(({ shape }) => shape);
  const outputs = shapes(given, attributes).map((shape) => backend.makeOutput(shape, 'float32'));
  // Views after the outputs are there: making them may move the backend's memory.
  const valuesOf = (info: TensorInfo) => backend.typedArrayFromHeap(info) as Float32Array;
  run(inputs.map(valuesOf), outputs.map(valuesOf), given, attributes);
  return outputs;
}

// An optional input (a bias) that is not given is simply missing from the list: the operation must tell
// from an attribute, or from the length, which ones are there.
function inputsOf(operation: Operation, named: Record<string, TensorInfo | undefined>): TensorInfo[] {
  return operation.inputNames.flatMap((name) => named[name] ?? []);
}

function runOracle(
  operation: Operation, backend: BackendWasm, named: Record<string, TensorInfo | undefined>, attributes: NamedAttrMap,
): TensorInfo[] {
  // Views of the backend's memory, as on the cpu backend: what the oracle overwrites is the tensor itself.
  const values = inputsOf(operation, named).map((info) => ({
    values: backend.typedArrayFromHeap(info) as Float32Array, shape: info.shape,
  }));
  const results = operation.cpu(values, attributes);
  for (const name of operation.changes ?? []) {
    const changed = named[name];
    if (changed) markChanged(backend, changed);
  }
  return results.map((output) => {
    const info = backend.makeOutput(output.shape, 'float32');
    backend.typedArrayFromHeap(info).set(output.values);
    return info;
  });
}

/** Registers `operation` under its name for 'webgpu', 'cpu' and 'wasm'. */
export function registerOperation(operation: Operation): void {
  registerKernel({
    kernelName: operation.name,
    backendName: 'webgpu',
    kernelFunc({ inputs, backend, attrs }) {
      if (!(backend instanceof WebGPUBackend)) {
        throw new Error(`${operation.name}: the webgpu kernel needs tfjs's webgpu backend.`);
      }
      return operation.webgpu(backend, inputsOf(operation, inputs), attrs ?? {});
    },
  });
  registerKernel({
    kernelName: operation.name,
    backendName: 'cpu',
    kernelFunc({ inputs, backend, attrs }) {
      if (!(backend instanceof MathBackendCPU)) {
        throw new Error(`${operation.name}: the cpu kernel needs tfjs's cpu backend.`);
      }
      const values = inputsOf(operation, inputs).map(({ dataId, shape }) => ({
        values: backend.data.get(dataId).values as Float32Array,
        shape,
      }));
      return operation.cpu(values, attrs ?? {}).map((output) =>
        backend.makeTensorInfo(output.shape, 'float32', Float32Array.from(output.values)),
      );
    },
  });
  registerKernel({
    kernelName: operation.name,
    backendName: 'wasm',
    kernelFunc({ inputs, backend, attrs }) {
      if (!(backend instanceof BackendWasm)) {
        throw new Error(`${operation.name}: the wasm kernel needs tfjs's wasm backend.`);
      }
      if (operation.loops) return runLoops(operation.loops, backend, inputsOf(operation, inputs), attrs ?? {});
      const tensors = inputsOf(operation, inputs) as Tensor[];
      // Kernels inside a running kernel are on no tape; what they make besides the outputs is freed here.
      const composed = tidy(() => (operation.wasm?.(tensors, attrs ?? {}) ?? []) as Tensor[]);
      return composed.length > 0 ? composed : runOracle(operation, backend, inputs, attrs ?? {});
    },
  });
}

/** Runs a registered operation on the active backend and records it for gradients. */
export function runOperation(
  name: string,
  inputs: Record<string, Tensor>,
  attributes: NamedAttrMap = {},
): Tensor[] {
  const outputs: Tensor | Tensor[] = engine().runKernel(name, inputs, attributes);
  return Array.isArray(outputs) ? outputs : [outputs];
}
