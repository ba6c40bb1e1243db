// Capture and replay of a step: CUDA graphs for the browser.
//
// A step that is built from tensors runs once, eagerly, while every dispatch (tfjs's and ours) is recorded as
// (pipeline, bind group, workgroups). Replaying that list costs JavaScript a fraction of a millisecond.
//
// Rules for a step:
// - What changes from replay to replay enters through the fixed `inputs` (write() fills them). Everything
//   else on the CPU that the step uploads - scalars, masks, tf.randomNormal - is a constant of the capture.
// - State (weights, optimizer moments, accumulators) exists before, is updated in place by our own kernels,
//   and no variable is reassigned. A step keeps nothing but what it returns.
// - Nothing is read back inside.
//
// Memory: buffers made inside belong to the capture and are reused among its intermediates in stream order,
// so it holds about the peak of live tensors; dispose() destroys them. On the wasm and cpu backends there is
// nothing to record: the step runs again at every replay, under the same rules.

import { backend as activeBackend, dispose, engine, keep, Tensor, tidy } from '@tensorflow/tfjs-core';
import type { NamedTensorMap, TensorInfo } from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { bufferOf, copyInto, flush, markRewritten, record } from './bridge.ts';
import { CapturePool } from './capture-pool.ts';
import { overwrite } from './overwrite.ts';
import type { RecordedDispatch } from './recorder.ts';
import { SubmitPlan } from './submit-plan.ts';

/** A recorded step. */
export interface Capture<Outputs extends Tensor[] | NamedTensorMap> {
  readonly name: string;
  /** What the step returned; the same tensors hold new values after every replay. */
  readonly outputs: Outputs;
  /** Dispatches in a replay; 0 where nothing is recorded. */
  readonly dispatches: number;
  /** Submits a replay takes now; it adapts to the adapter's speed. */
  readonly submits: number;
  /** Bytes of the GPU buffers that belong to the capture. */
  readonly bytes: number;
  /** The dispatches in order, for a profiler. */
  readonly steps: readonly RecordedDispatch[];
  /**
   * Fills a fixed input, with values or, without their coming to the CPU, with those of a tensor of its type. Later
   * replays use them, earlier ones do not. Same length as the input.
   */
  write(input: Tensor, values: ArrayLike<number> | Tensor): void;
  /** Issues the step once more and returns without waiting. Throws DeviceLostError, or when disposed. */
  replay(): void;
  /** Resolves when the GPU has finished all that was submitted. */
  finished(): Promise<void>;
  /** Frees the outputs and every buffer. */
  dispose(): void;
}

/** The device is lost, and the capture with it: make a new device and capture again. */
export class DeviceLostError extends Error {
  constructor(name: string) {
    super(`The GPU device of capture '${name}' is lost.`);
    this.name = 'DeviceLostError';
  }
}

/** Replays of a young capture that are timed, and how often an old one is. */
const timedReplays = 8;
const timedEvery = 64;

const captureBytes = new WeakMap<WebGPUBackend, Set<CapturePool>>();

/** Bytes of GPU buffers that belong to live captures on this backend. */
export function bytesOfCaptures(backend: WebGPUBackend): number {
  return [...(captureBytes.get(backend) ?? [])].reduce((sum, pool) => sum + pool.bytes, 0);
}

function tensorsOf(outputs: Tensor[] | NamedTensorMap): Tensor[] {
  return Array.isArray(outputs) ? outputs : Object.values(outputs);
}

function mapOutputs<Outputs extends Tensor[] | NamedTensorMap>(
  outputs: Outputs,
  change: (tensor: Tensor) => Tensor,
): Outputs {
  const pairs = Object.entries(outputs).map(([name, tensor]) => [name, change(tensor)] as const);
  return (Array.isArray(outputs) ? pairs.map(([, tensor]) => tensor) : Object.fromEntries(pairs)) as Outputs;
}

// Handles of our own: an output may be a tensor from outside, which dispose() must leave to its owner.
function runStep<Outputs extends Tensor[] | NamedTensorMap>(step: () => Outputs): Outputs {
  return tidy(() => mapOutputs(step(), (tensor) => keep(tensor.clone())));
}

function checkLength(input: Tensor, length: number): void {
  if (length !== input.size) {
    throw new Error(`An input of shape [${input.shape}] needs ${input.size} values, got ${length}.`);
  }
}

function checkTensor(input: Tensor, source: Tensor): void {
  checkLength(input, source.size);
  if (source.dtype !== input.dtype) {
    throw new Error(`An input of type ${input.dtype} cannot take a tensor of type ${source.dtype}.`);
  }
}

function valuesFor(
  input: Tensor,
  values: ArrayLike<number>,
): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  checkLength(input, values.length);
  return input.dtype === 'float32' ? Float32Array.from(values) : Int32Array.from(values);
}

/**
 * What a replay issues, side by side. Between two replays a processor that computes forgets all of it: in an object and
 * an array for each dispatch, fetching it takes longer than issuing it.
 */
interface Issued {
  readonly pipelines: readonly GPUComputePipeline[];
  readonly bindGroups: readonly GPUBindGroup[];
  /** Three a dispatch. */
  readonly workgroups: Uint32Array;
}

function issuedBy(steps: readonly RecordedDispatch[]): Issued {
  return {
    pipelines: steps.map(({ pipeline }) => pipeline),
    bindGroups: steps.map(({ bindGroup }) => bindGroup),
    workgroups: Uint32Array.from(steps.flatMap(({ workgroups }) => workgroups)),
  };
}

class GpuCapture<Outputs extends Tensor[] | NamedTensorMap> implements Capture<Outputs> {
  readonly name: string;
  readonly outputs: Outputs;
  readonly steps: RecordedDispatch[] = [];
  private readonly backend: WebGPUBackend;
  private readonly pool: CapturePool;
  private readonly plan: SubmitPlan;
  private readonly issued: Issued;
  private readonly held: Tensor[];
  private readonly inputs: ReadonlyMap<Tensor, { buffer: GPUBuffer; dataId: object }>;
  private replays = 0;
  private ended: 'disposed' | 'lost' | null = null;

  constructor(backend: WebGPUBackend, name: string, inputs: Tensor[], step: () => Outputs) {
    this.backend = backend;
    this.name = name;
    this.pool = new CapturePool(backend.device, name);
    this.inputs = new Map(
      inputs.map((input) => [input, { buffer: bufferOf(backend, input), dataId: input.dataId }]),
    );
    inputs.forEach((input) => markRewritten(backend, input));
    let made: Outputs | null = null;
    try {
      const recorded = record(
        backend,
        {
          acquire: (size, usage, mapped) => this.pool.acquire(size, usage, mapped),
          release: (buffer) => this.pool.release(buffer),
          writes: (buffer, program) => this.pool.refuseConstant(buffer, program),
          dispatched: (dispatch) => this.steps.push(dispatch),
        },
        () => (made = runStep(step)),
      );
      this.outputs = recorded.result;
      this.held = recorded.held.map((info) => this.hold(info));
      const created = new Set(tensorsOf(this.outputs).filter(recorded.isCreated).map(({ dataId }) => dataId));
      const leaked = recorded.createdAlive() - created.size;
      if (leaked > 0) {
        dispose(this.held);
        throw new Error(
          `Capture '${name}': the step keeps ${leaked} tensors that it does not return. Make state before.`,
        );
      }
    } catch (error) {
      if (made) {
        dispose(made);
      }
      flush(backend);
      this.pool.destroy();
      throw error;
    }
    tensorsOf(this.outputs).forEach((output) => markRewritten(backend, output));
    this.plan = new SubmitPlan(this.steps.length);
    this.issued = issuedBy(this.steps);
    const pools = captureBytes.get(backend) ?? new Set();
    captureBytes.set(backend, pools.add(this.pool));
    void backend.device.lost.then(() => {
      this.ended ??= 'lost';
      captureBytes.get(backend)?.delete(this.pool);
    });
  }

  get dispatches(): number {
    return this.steps.length;
  }

  get submits(): number {
    return this.plan.lengths.length;
  }

  get bytes(): number {
    return this.pool.bytes;
  }

  // The recording took a reference; a tensor handle gives it back through tfjs's own accounting.
  private hold(info: TensorInfo): Tensor {
    return keep(engine().makeTensorFromTensorInfo(info, this.backend));
  }

  private check(): void {
    if (this.ended === 'lost') {
      throw new DeviceLostError(this.name);
    }
    if (this.ended) {
      throw new Error(`Capture '${this.name}' is disposed.`);
    }
  }

  write(input: Tensor, values: ArrayLike<number> | Tensor): void {
    this.check();
    const target = this.inputs.get(input);
    if (!target) {
      throw new Error(`A tensor of shape [${input.shape}] is not an input of capture '${this.name}'.`);
    }
    if (values instanceof Tensor) {
      checkTensor(input, values);
      copyInto(this.backend, values, target.buffer);
      return;
    }
    const data = valuesFor(input, values);
    // What is recorded but not submitted must still see the old values.
    flush(this.backend);
    this.backend.queue.writeBuffer(target.buffer, 0, data);
  }

  replay(): void {
    this.check();
    for (const [input, { dataId }] of this.inputs) {
      if (input.dataId !== dataId) {
        throw new Error(`Capture '${this.name}': an input was reassigned or disposed after the capture.`);
      }
    }
    flush(this.backend);
    const { device, queue } = this.backend;
    const timed = this.replays < timedReplays || this.replays % timedEvery === 0;
    const finished: Promise<number>[] = [];
    const note = (): void => {
      finished.push(queue.onSubmittedWorkDone().then(() => performance.now()));
    };
    if (timed) {
      // Work of earlier replays ends here.
      note();
    }
    // All is encoded before the first submit: what the GPU's process then does takes processors away from this thread.
    for (const commands of this.encode(device)) {
      queue.submit([commands]);
      if (timed) {
        note();
      }
    }
    this.replays++;
    if (timed) {
      void this.learn(finished);
    }
  }

  /** The command buffers of a replay, a submit's each. */
  private encode(device: GPUDevice): GPUCommandBuffer[] {
    const { pipelines, bindGroups, workgroups } = this.issued;
    let next = 0;
    return this.plan.lengths.map((length) => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      let pipeline: GPUComputePipeline | null = null;
      for (const end = next + length; next < end; next++) {
        if (pipelines[next] !== pipeline) {
          pipeline = pipelines[next];
          pass.setPipeline(pipeline);
        }
        pass.setBindGroup(0, bindGroups[next]);
        pass.dispatchWorkgroups(workgroups[3 * next], workgroups[3 * next + 1], workgroups[3 * next + 2]);
      }
      pass.end();
      return encoder.finish();
    });
  }

  private async learn(finished: Promise<number>[]): Promise<void> {
    // A lost device settles these as well, with too few times to learn from.
    const settled = await Promise.allSettled(finished);
    const times = settled.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    this.plan.learn(times.slice(1).map((time, i) => time - times[i]));
  }

  finished(): Promise<void> {
    flush(this.backend);
    return this.backend.queue.onSubmittedWorkDone();
  }

  dispose(): void {
    if (this.ended === 'disposed') {
      return;
    }
    this.ended = 'disposed';
    dispose(this.outputs);
    dispose(this.held);
    flush(this.backend);
    this.pool.destroy();
    this.steps.length = 0;
    captureBytes.get(this.backend)?.delete(this.pool);
  }
}

class RepeatedStep<Outputs extends Tensor[] | NamedTensorMap> implements Capture<Outputs> {
  readonly name: string;
  readonly dispatches = 0;
  readonly submits = 0;
  readonly bytes = 0;
  readonly steps = [];
  outputs: Outputs;
  private readonly inputs: ReadonlySet<Tensor>;
  private readonly step: () => Outputs;
  private disposed = false;

  constructor(name: string, inputs: Tensor[], step: () => Outputs) {
    this.name = name;
    this.inputs = new Set(inputs);
    this.step = step;
    this.outputs = runStep(step);
  }

  write(input: Tensor, values: ArrayLike<number> | Tensor): void {
    if (!this.inputs.has(input)) {
      throw new Error(`A tensor of shape [${input.shape}] is not an input of capture '${this.name}'.`);
    }
    if (values instanceof Tensor) checkTensor(input, values);
    overwrite(input, valuesFor(input, values instanceof Tensor ? values.dataSync() : values));
  }

  replay(): void {
    if (this.disposed) {
      throw new Error(`Capture '${this.name}' is disposed.`);
    }
    dispose(this.outputs);
    this.outputs = runStep(this.step);
  }

  async finished(): Promise<void> {}

  dispose(): void {
    if (!this.disposed) {
      this.disposed = true;
      dispose(this.outputs);
    }
  }
}

/**
 * Runs `step` once and records it. The run counts: state that the step updates has been updated.
 *
 * `inputs` are the tensors or variables that write() will fill; `step` returns the tensors to be read after
 * each replay. Throws when the step reads values back, keeps tensors it does not return, writes to a
 * constant, or when captures nest.
 */
export function capture<Outputs extends Tensor[] | NamedTensorMap>(
  name: string,
  inputs: Tensor[],
  step: () => Outputs,
): Capture<Outputs> {
  const backend = activeBackend();
  if (backend instanceof WebGPUBackend) {
    return new GpuCapture(backend, name, inputs, step);
  }
  if (backend instanceof MathBackendCPU || backend instanceof BackendWasm) {
    return new RepeatedStep(name, inputs, step);
  }
  throw new Error(`Capture '${name}' needs the webgpu, wasm or cpu backend.`);
}
