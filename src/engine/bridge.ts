// The one place that touches private fields of tfjs's webgpu backend (4.22.0, frozen).
//
// Our shaders run over the same device, buffers and command encoder as tfjs's own programs: a tensor's
// buffer is used without a copy and order is kept because both record into one compute pass.
// bridge.test.ts and bridge.browser.test.ts fail when a field that is used here differs.
//
// What it does not do: compile shaders (pipeline.ts), decide what a capture keeps (capture.ts).

import { env, util } from '@tensorflow/tfjs-core';
import type { BackendValues, DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { pipelineOf } from './pipeline.ts';
import type { Program } from './pipeline.ts';
import { recordingEncoder } from './recorder.ts';
import type { DispatchWork, Recorder } from './recorder.ts';

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
  ['incRef', 'function'],
  ['write', 'function'],
  ['recordAndSubmit', 'function'],
  ['convertAndCacheOnCPU', 'function'],
  ['read', 'function'],
  ['readSync', 'function'],
  ['readToGPU', 'function'],
  ['getBufferData', 'function'],
  ['createTensorFromGPUData', 'function'],
  ['time', 'function'],
];

/** What a recording leaves behind besides what its Recorder was told. */
export interface Recorded<Result> {
  result: Result;
  /** Data made inside the recording and still alive. */
  isCreated(tensor: TensorInfo): boolean;
  createdAlive(): number;
  /** Tensors from outside that were read or written; one reference each is held for the caller. */
  held: TensorInfo[];
}

interface OpenRecording {
  recorder: Recorder;
  created: Set<object>;
  held: Map<object, TensorInfo>;
  /** Set while a tensor from outside is uploaded: its buffer is tfjs's. */
  outside: boolean;
  refused: Error | null;
  /** Of the dispatch that comes next. */
  work: DispatchWork;
}

interface BackendState {
  open: OpenRecording | null;
  /** Data whose buffer is written again and again: read() must not keep a CPU copy of it. */
  rewritten: WeakSet<object>;
}

const states = new WeakMap<WebGPUBackend, BackendState>();

// Installed once per backend: capture-owned buffers outlive the recording that made them.
function stateOf(backend: WebGPUBackend): BackendState {
  const known = states.get(backend);
  if (known) {
    return known;
  }
  const state: BackendState = { open: null, rewritten: new WeakSet() };
  states.set(backend, state);
  const owners = new WeakMap<GPUBuffer, Recorder>();
  const pool = backend.bufferManager;
  const acquire = pool.acquireBuffer.bind(pool);
  const giveBack = pool.releaseBuffer.bind(pool);
  pool.acquireBuffer = (size, usage, mapped = false, reuse = true) => {
    if (!state.open || state.open.outside) {
      return acquire(size, usage, mapped, reuse);
    }
    const buffer = state.open.recorder.acquire(size, usage, mapped);
    owners.set(buffer, state.open.recorder);
    return buffer;
  };
  pool.releaseBuffer = (buffer, reuse = true) => {
    const owner = owners.get(buffer);
    if (owner) {
      owner.release(buffer);
    } else {
      giveBack(buffer, reuse);
    }
  };
  const cache = backend['convertAndCacheOnCPU'].bind(backend);
  Reflect.set(backend, 'convertAndCacheOnCPU', (dataId: object, data: BackendValues) =>
    state.rewritten.has(dataId) ? data : cache(dataId, data),
  );
  return state;
}

/** From now on reads of this tensor always download: its buffer is rewritten in place. */
export function markRewritten(backend: WebGPUBackend, tensor: TensorInfo): void {
  stateOf(backend).rewritten.add(tensor.dataId);
  Object.assign(backend.tensorMap.get(tensor.dataId), { values: null });
}

// A tensor from outside must outlive the recording, whatever its owner does: its buffer is bound in it.
function touch(backend: WebGPUBackend, open: OpenRecording, tensor: TensorInfo): void {
  if (!open.created.has(tensor.dataId) && !open.held.has(tensor.dataId)) {
    backend.incRef(tensor.dataId);
    const { dataId, shape, dtype } = tensor;
    open.held.set(dataId, { dataId, shape, dtype });
  }
}

function bytesOf(tensors: readonly TensorInfo[]): number {
  return tensors.reduce((sum, { shape, dtype }) => sum + util.sizeFromShape(shape) * util.bytesPerElement(dtype), 0);
}

interface TfjsProgram {
  shaderKey: string;
  /** Set on programs that read or draw images. */
  pixelsOpType?: unknown;
}

const readingMethods = ['read', 'readSync', 'readToGPU', 'getBufferData', 'createTensorFromGPUData', 'time'];

function recordingMethods(backend: WebGPUBackend, open: OpenRecording): Record<string, unknown> {
  const write = backend.write.bind(backend);
  const upload = backend.uploadToGPU.bind(backend);
  const run = backend['recordAndSubmit'].bind(backend);
  const methods: Record<string, unknown> = {
    write(...args: Parameters<typeof write>) {
      const dataId = write(...args);
      open.created.add(dataId);
      return dataId;
    },
    uploadToGPU(dataId: object) {
      const kept = open.outside;
      open.outside = !open.created.has(dataId);
      upload(dataId);
      open.outside = kept;
    },
    recordAndSubmit(program: TfjsProgram, output: TensorInfo, ...rest: unknown[]) {
      if (program.pixelsOpType !== null && program.pixelsOpType !== undefined) {
        throw new Error('Images cannot be read or drawn inside a capture.');
      }
      const [inputs] = rest as [TensorInfo[]];
      [output, ...inputs].forEach((tensor) => touch(backend, open, tensor));
      open.recorder.writes(bufferOf(backend, output), program.shaderKey);
      open.work = { kernel: `tfjs/${program.shaderKey.split('_')[0]}`, operations: 0, bytes: bytesOf([output, ...inputs]) };
      run(program, output, ...rest);
      // Stream order makes a buffer reusable at once, where tfjs would wait for a submit.
      backend['commandQueueOwnedIds'] = new WeakSet();
    },
    ensureCommandEncoderReady() {
      if (!backend['commandEncoder']) {
        const encoder = backend.device.createCommandEncoder();
        backend['commandEncoder'] = recordingEncoder(encoder, open.recorder, () => open.work);
      }
    },
  };
  for (const name of readingMethods) {
    methods[name] = () => {
      open.refused ??= new Error(
        `${name}() inside a capture: a step that is replayed cannot wait for values on the CPU. ` +
          'Return the tensor and read it from the outputs.',
      );
      throw open.refused;
    };
  }
  return methods;
}

/**
 * Runs `work` while every dispatch on this backend is reported to `recorder` and every buffer that is made
 * comes from it. The work itself runs too. Throws when `work` reads tensors back, and when recordings nest.
 */
export function record<Result>(
  backend: WebGPUBackend,
  recorder: Recorder,
  work: () => Result,
): Recorded<Result> {
  const state = stateOf(backend);
  if (state.open) {
    throw new Error('A capture is open already on this backend; captures do not nest.');
  }
  flush(backend);
  const open: OpenRecording = {
    recorder,
    created: new Set(),
    held: new Map(),
    outside: false,
    refused: null,
    work: { kernel: '', operations: 0, bytes: 0 },
  };
  const methods = recordingMethods(backend, open);
  const kept = Object.keys(methods).filter((name) => Object.hasOwn(backend, name));
  if (kept.length > 0) {
    throw new Error(`Another hook on tfjs's backend is in the way: ${kept.join(', ')}.`);
  }
  state.open = open;
  Object.assign(backend, methods);
  try {
    const result = work();
    if (open.refused) {
      throw open.refused;
    }
    return {
      result,
      held: [...open.held.values()],
      isCreated: (tensor) => open.created.has(tensor.dataId),
      createdAlive: () => [...open.created].filter((dataId) => backend.refCount(dataId) > 0).length,
    };
  } catch (error) {
    open.held.forEach((tensor) => backend.disposeData(tensor.dataId));
    throw error;
  } finally {
    flush(backend);
    Object.keys(methods).forEach((name) => Reflect.deleteProperty(backend, name));
    state.open = null;
  }
}

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
  const open = states.get(backend)?.open;
  const written = outputs.filter(({ dataId }) => {
    const data = backend.tensorMap.has(dataId) ? backend.tensorMap.get(dataId) : null;
    return data?.resource || data?.values;
  });
  const buffers = tensors.map((tensor) => bufferOf(backend, tensor));
  refuseAliasing(program, buffers, inputs.length);
  // An output that had contents is updated in place.
  written.forEach((output) => markRewritten(backend, output));
  const pipeline = pipelineOf(backend.device, program);
  const bindGroup = backend.device.createBindGroup({
    label: program.shader.name,
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });

  if (open) {
    tensors.forEach((tensor) => touch(backend, open, tensor));
    buffers.slice(inputs.length).forEach((buffer) => open.recorder.writes(buffer, program.shader.name));
    open.work = { kernel: program.shader.name.split('(')[0], operations: program.operations ?? 0, bytes: bytesOf(tensors) };
  } else {
    const owned: WeakSet<object> = backend['commandQueueOwnedIds'];
    tensors.forEach((tensor) => owned.add(tensor.dataId));
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

/** Copies a tensor's bytes into a buffer of its size, in order with what is recorded; not inside a recording. */
export function copyInto(backend: WebGPUBackend, source: TensorInfo, target: GPUBuffer): void {
  const buffer = bufferOf(backend, source);
  const owned: WeakSet<object> = backend['commandQueueOwnedIds'];
  owned.add(source.dataId);
  backend.endComputePassEncoder();
  backend.ensureCommandEncoderReady();
  const encoder: GPUCommandEncoder = backend['commandEncoder'];
  encoder.copyBufferToBuffer(buffer, 0, target, 0, bytesOf([source]));
}

/** Submits what is recorded and not yet submitted; does nothing when nothing is. */
export function flush(backend: WebGPUBackend): void {
  backend.endComputePassEncoder();
  if (backend['commandEncoder']) {
    backend.submitQueue();
  }
}
