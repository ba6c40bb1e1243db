// Measurements of a piece of work: wall time, dispatches, submits, JavaScript's share, GPU memory.
//
// Wall time runs until the GPU has finished. Medians, since single times on shared machines mean little. What
// it does not do: compare adapters, or judge. Times per kernel need the adapter's timestamp queries.

import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { flush } from './bridge.ts';
import type { WebGPUBackend } from './bridge.ts';
import { bytesOfCaptures } from './capture.ts';
import type { Capture } from './capture.ts';

/** Medians over the repetitions of one piece of work. */
export interface Measurement {
  /** From the call until the GPU has finished, milliseconds. */
  milliseconds: number;
  /** Spent in JavaScript until the call returned, milliseconds. */
  scriptMilliseconds: number;
  dispatches: number;
  submits: number;
}

interface WorkCount {
  stop(): { dispatches: number; submits: number };
}

// Counted on the native objects, so that tfjs's programs, ours and replays are all seen. One at a time.
function countWork(backend: WebGPUBackend): WorkCount {
  const counts = { dispatches: 0, submits: 0 };
  const { queue } = backend;
  const dispatchNative = GPUComputePassEncoder.prototype.dispatchWorkgroups;
  GPUComputePassEncoder.prototype.dispatchWorkgroups = function count(x, y, z) {
    counts.dispatches++;
    return dispatchNative.call(this, x, y, z);
  };
  queue.submit = (buffers) => {
    counts.submits++;
    return GPUQueue.prototype.submit.call(queue, buffers);
  };
  return {
    stop() {
      GPUComputePassEncoder.prototype.dispatchWorkgroups = dispatchNative;
      Reflect.deleteProperty(queue, 'submit');
      return counts;
    },
  };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs `work` once to warm up and then `repetitions` times. Tensors that `work` makes are its own to dispose.
 * `work` returns without waiting for the GPU; this waits.
 */
export async function measure(
  backend: WebGPUBackend,
  work: () => void,
  repetitions = 5,
): Promise<Measurement> {
  const runs: Measurement[] = [];
  for (let run = -1; run < repetitions; run++) {
    flush(backend);
    await backend.queue.onSubmittedWorkDone();
    const counts = countWork(backend);
    const started = performance.now();
    work();
    flush(backend);
    const scriptMilliseconds = performance.now() - started;
    const { dispatches, submits } = counts.stop();
    await backend.queue.onSubmittedWorkDone();
    if (run >= 0) {
      runs.push({ milliseconds: performance.now() - started, scriptMilliseconds, dispatches, submits });
    }
  }
  const of = (name: keyof Measurement): number => median(runs.map((run) => run[name]));
  return {
    milliseconds: of('milliseconds'),
    scriptMilliseconds: of('scriptMilliseconds'),
    dispatches: of('dispatches'),
    submits: of('submits'),
  };
}

/** Bytes of GPU buffers on a backend. */
export interface GpuMemory {
  /** In use by tensors outside captures. */
  tensors: number;
  /** Kept for reuse outside captures. */
  spare: number;
  /** Belonging to live captures. */
  captures: number;
  total: number;
}

/** What is allocated now. */
export function memory(backend: WebGPUBackend): GpuMemory {
  const { numBytesUsed: used, numBytesAllocated: allocated } = backend.bufferManager;
  const captures = bytesOfCaptures(backend);
  return { tensors: used, spare: allocated - used, captures, total: allocated + captures };
}

/** Time one dispatch of a capture took. */
export interface KernelTime {
  /** Shader and constants (ours) or the program's class (tfjs's). */
  label: string;
  milliseconds: number;
}

/** Two timestamps a dispatch, and at most 4096 in a query set. */
const longestQuery = 2048;

/**
 * Replays a capture once with every dispatch in a pass of its own and reads the time of each. The replay
 * counts: it updates state like any other. Throws when the device has no timestamp queries.
 */
export async function kernelTimes(
  backend: WebGPUBackend,
  capture: Capture<Tensor[] | NamedTensorMap>,
): Promise<KernelTime[]> {
  const { device, queue } = backend;
  if (!device.features.has('timestamp-query')) {
    throw new Error('This adapter has no timestamp queries.');
  }
  flush(backend);
  const times: KernelTime[] = [];
  for (let first = 0; first < capture.steps.length; first += longestQuery) {
    const steps = capture.steps.slice(first, first + longestQuery);
    const count = steps.length * 2;
    const querySet = device.createQuerySet({ type: 'timestamp', count });
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const resolved = device.createBuffer({ size: count * 8, usage: QUERY_RESOLVE | COPY_SRC });
    const readable = device.createBuffer({ size: count * 8, usage: COPY_DST | MAP_READ });
    const encoder = device.createCommandEncoder();
    steps.forEach(({ pipeline, bindGroup, workgroups }, i) => {
      const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
      const pass = encoder.beginComputePass({ timestampWrites });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
      pass.end();
    });
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, readable, 0, count * 8);
    queue.submit([encoder.finish()]);
    await readable.mapAsync(GPUMapMode.READ);
    const stamps = new BigUint64Array(readable.getMappedRange());
    steps.forEach(({ pipeline }, i) => {
      times.push({ label: pipeline.label, milliseconds: Number(stamps[2 * i + 1] - stamps[2 * i]) / 1e6 });
    });
    readable.unmap();
    [querySet, resolved, readable].forEach((resource) => resource.destroy());
  }
  return times;
}
