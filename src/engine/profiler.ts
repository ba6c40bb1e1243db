// Measurements of a piece of work: wall time, dispatches, submits, JavaScript's share, GPU memory.
//
// Wall time runs until the GPU has finished. Medians, since single times on shared machines mean little. What
// it does not do: compare adapters, or judge (roofline.ts).

import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { flush } from './bridge.ts';
import type { WebGPUBackend } from './bridge.ts';
import { bytesOfCaptures } from './capture.ts';
import type { Capture } from './capture.ts';
import { runsFor, timeOf } from './gpu-timer.ts';
import type { DispatchWork } from './recorder.ts';

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

/** One dispatch of a capture, and the time that it takes. */
export interface KernelTime extends DispatchWork {
  /** Shader and constants (ours) or the program's class (tfjs's). */
  label: string;
  milliseconds: number;
}

/** Milliseconds that a dispatch is repeated for: Chrome rounds timestamps to a tenth of one. */
const timedFor = 2;

/**
 * Times the dispatches of a capture one by one, in order; those with the same shader, constants and workgroups once.
 * They run again and again on the capture's own buffers, so the state that it updates is of no use afterwards.
 */
export async function kernelTimes(
  backend: WebGPUBackend,
  capture: Capture<Tensor[] | NamedTensorMap>,
): Promise<KernelTime[]> {
  const { device } = backend;
  flush(backend);
  const known = new Map<string, number>();
  const times: KernelTime[] = [];
  for (const step of capture.steps) {
    const { label } = step.pipeline;
    const key = `${label} ${step.workgroups.join()}`;
    const milliseconds = known.get(key) ?? await timeOf(device, step, await runsFor(device, step, timedFor));
    known.set(key, milliseconds);
    times.push({ ...step.work, label, milliseconds });
  }
  return times;
}
