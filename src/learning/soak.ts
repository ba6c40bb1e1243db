/**
 * GPU memory while a model is used for long: preference steps on end, and the whole model loaded and given up again and
 * again. WebGPU only.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '../engine/bridge.ts';
import { memory } from '../engine/profiler.ts';
import type { GpuMemory } from '../engine/profiler.ts';
import type { ModelFile } from '../model/weights.ts';
import { withWorkingModel } from './working-model.ts';

/** What is allocated at one time. */
export interface Allocated {
  readonly gpu: GpuMemory;
  /** Live tensors. */
  readonly tensors: number;
}

export interface SoakReport {
  /** After the first step and after every tenth part of the steps. */
  readonly steps: readonly (Allocated & { readonly step: number })[];
  /** After each model was given up. */
  readonly cycles: readonly Allocated[];
}

function allocated(backend: WebGPUBackend): Allocated {
  return { gpu: memory(backend), tensors: tf.memory().numTensors };
}

/** Takes `steps` preference steps and a pair of clips at every tenth part of them, then loads `cycles` models. */
export async function soak(
  backend: WebGPUBackend, file: ModelFile, { steps, cycles }: { readonly steps: number; readonly cycles: number },
  progress: (done: number, of: number, held: Allocated) => void = () => {},
): Promise<SoakReport> {
  const every = Math.max(1, Math.floor(steps / 10));
  const stepped = await withWorkingModel(file, async ({ step, generate }) => {
    const samples = [{ step: 1, ...allocated(backend) }];
    for (let taken = 2; taken <= steps; taken++) {
      await step();
      if (taken % every !== 0) continue;
      await generate();
      const held = allocated(backend);
      samples.push({ step: taken, ...held });
      progress(taken, steps + cycles, held);
    }
    return samples;
  });
  const left: Allocated[] = [];
  for (let cycle = 0; cycle < cycles; cycle++) {
    await withWorkingModel(file, () => Promise.resolve());
    const held = allocated(backend);
    left.push(held);
    progress(steps + cycle + 1, steps + cycles, held);
  }
  return { steps: stepped, cycles: left };
}

/**
 * Whether memory is flat: no sample holds more than the first one of its kind, and captures leave nothing. The first step
 * does not count: its first replay makes staging buffers that stay.
 */
export function isFlat({ steps, cycles }: SoakReport): boolean {
  const flat = (samples: readonly Allocated[]) => samples.every(({ gpu, tensors }) =>
    gpu.total <= samples[0].gpu.total && tensors <= samples[0].tensors);
  return flat(steps.slice(1)) && flat(cycles) && cycles.every(({ gpu }) => gpu.captures === 0);
}
