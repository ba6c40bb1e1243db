// Registers an operation as a tfjs kernel on both backends: the shader on 'webgpu', the f64 oracle on 'cpu'.
//
// One public function per operation then runs on either, inside tidy, tf.grads and captures. Gradients are
// registered with tfjs's registerGradient in each operation's gradient.ts. float32 results only, unless the
// oracle says otherwise.

import { engine, registerKernel } from '@tensorflow/tfjs-core';
import type { NamedAttrMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

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
}

// An optional input (a bias) that is not given is simply missing from the list: the operation must tell
// from an attribute, or from the length, which ones are there.
function inputsOf(operation: Operation, named: Record<string, TensorInfo | undefined>): TensorInfo[] {
  return operation.inputNames.flatMap((name) => named[name] ?? []);
}

/** Registers `operation` under its name for 'webgpu' and 'cpu'. */
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
