// The one place that touches private fields of tfjs's webgpu backend (4.22.0, frozen).
//
// Our shaders run over the same device, buffers and command encoder as tfjs's own programs: a tensor's
// buffer is used without a copy and order is kept because both record into one compute pass.
// bridge.test.ts and bridge.browser.test.ts fail when a field that is used here differs.
//
// What it does not do: compile shaders (pipeline.ts), decide what a capture keeps (capture.ts).

import { env, util } from '@tensorflow/tfjs-core';
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { pipelineOf } from './pipeline.ts';
import type { Program } from './pipeline.ts';

export { breakConstants, flatWorkgroups } from './pipeline.ts';
export type { Program, Shader } from './pipeline.ts';
export type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

/** The version of tfjs whose internals this file was written against. */
export const tfjsVersion = '4.22.0';

/** Every member of the backend that is used here, with the `typeof` it must have on a fresh instance. */
export const backendMembers: ReadonlyArray<readonly [name: string, type: string]> = [
  ['device', 'object'],
  ['queue', 'object'],
  ['tensorMap', 'object'],
  ['bufferManager', 'object'],
  ['commandEncoder', 'object'],
  ['computePassEncoder', 'object'],
  ['commandQueueOwnedIds', 'object'],
  ['dispatchCountInPass', 'number'],
  ['uploadToGPU', 'function'],
  ['ensureCommandEncoderReady', 'function'],
  ['endComputePassEncoder', 'function'],
  ['submitQueue', 'function'],
  ['makeTensorInfo', 'function'],
  ['disposeData', 'function'],
];

/** A tensor of undefined contents on the GPU, to be written by a dispatch. float32 unless given. */
export function createOutput(
  backend: WebGPUBackend,
  shape: number[],
  dtype: DataType = 'float32',
): TensorInfo {
  return backend.makeTensorInfo(shape, dtype);
}

/** Gives back one reference to a tensor made by createOutput (for intermediates inside a kernel). */
export function release(backend: WebGPUBackend, tensor: TensorInfo): void {
  backend.disposeData(tensor.dataId);
}

/** The GPU buffer of a tensor; uploads it when it still lies on the CPU. */
export function bufferOf(backend: WebGPUBackend, tensor: TensorInfo): GPUBuffer {
  if (!backend.tensorMap.has(tensor.dataId)) {
    throw new Error(`A tensor of shape [${tensor.shape}] is disposed or belongs to another backend.`);
  }
  backend.uploadToGPU(tensor.dataId);
  const resource = backend.tensorMap.get(tensor.dataId).resource;
  if (!(resource instanceof GPUBuffer)) {
    throw new Error(`A tensor of shape [${tensor.shape}] and type ${tensor.dtype} has no GPU buffer.`);
  }
  return resource;
}

// WebGPU refuses a buffer that is written and bound a second time in one dispatch; its own message
// names neither the shader nor the bindings.
function refuseAliasing(program: Program, buffers: GPUBuffer[], inputCount: number): void {
  for (let written = inputCount; written < buffers.length; written++) {
    for (let other = 0; other < written; other++) {
      if (buffers[other] === buffers[written]) {
        const kind = other < inputCount ? 'read' : 'written';
        throw new Error(
          `${program.shader.name}: one buffer is written at binding ${written} and ${kind} at binding ` +
            `${other}. An in-place tensor must be an output only.`,
        );
      }
    }
  }
}

function refuseWorkgroups(backend: WebGPUBackend, program: Program): void {
  const limit = backend.device.limits.maxComputeWorkgroupsPerDimension;
  for (const count of program.workgroups) {
    if (!Number.isInteger(count) || count < 1 || count > limit) {
      throw new Error(`${program.shader.name}: workgroups [${program.workgroups}] exceed 1..${limit}.`);
    }
  }
}

/**
 * Records one dispatch of our own shader in order with tfjs's programs.
 *
 * Bindings, all in group 0: inputs at 0..n-1 (`storage, read`), then outputs (`storage, read_write`).
 * A tensor updated in place is an output, and only that. Inputs that lie on the CPU are uploaded.
 * Throws when a buffer is bound twice while written, when a workgroup count is out of range, or when a
 * tensor is empty. Submits every WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE dispatches, as tfjs does.
 */
export function dispatch(
  backend: WebGPUBackend,
  program: Program,
  inputs: TensorInfo[],
  outputs: TensorInfo[],
): void {
  const tensors = [...inputs, ...outputs];
  for (const tensor of tensors) {
    if (util.sizeFromShape(tensor.shape) === 0) {
      throw new Error(`${program.shader.name}: a tensor of shape [${tensor.shape}] is empty.`);
    }
  }
  refuseWorkgroups(backend, program);
  const buffers = tensors.map((tensor) => bufferOf(backend, tensor));
  refuseAliasing(program, buffers, inputs.length);
  const pipeline = pipelineOf(backend.device, program);
  const bindGroup = backend.device.createBindGroup({
    label: program.shader.name,
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });

  const owned: WeakSet<object> = backend['commandQueueOwnedIds'];
  for (const tensor of tensors) {
    owned.add(tensor.dataId);
  }
  for (const output of outputs) {
    // read() keeps a CPU copy, which an in-place update makes stale.
    Object.assign(backend.tensorMap.get(output.dataId), { values: null });
  }
  backend.ensureCommandEncoderReady();
  if (!backend['computePassEncoder']) {
    const encoder: GPUCommandEncoder = backend['commandEncoder'];
    backend['computePassEncoder'] = encoder.beginComputePass();
  }
  const pass: GPUComputePassEncoder = backend['computePassEncoder'];
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...program.workgroups);
  backend['dispatchCountInPass']++;
  if (backend['dispatchCountInPass'] >= env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
}

/** Submits what is recorded and not yet submitted; does nothing when nothing is. */
export function flush(backend: WebGPUBackend): void {
  backend.endComputePassEncoder();
  if (backend['commandEncoder']) {
    backend.submitQueue();
  }
}
