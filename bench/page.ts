// The benchmark's half inside Chromium: prepares a work, checks every implementation before any is timed,
// then times them in turn, repetition by repetition, so that a disturbance hits all alike. What JavaScript takes to
// issue a work is timed one implementation after the other.

import { backend as activeBackend, findBackend, setBackend } from '@tensorflow/tfjs-core';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { flush } from '../src/engine/bridge.ts';
import wasmAddress from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import { adapterName } from '../src/engine/compute-device.ts';
import { createDevice, createWasmBackend } from '../src/engine/device.ts';
import { arithmeticMeter, measurePeak } from '../src/engine/peak.ts';
import { tuneNext } from '../src/kernels/tuner.ts';
import { forceVariant, isSoftwareAdapter, variants } from '../src/kernels/variants.ts';
import type { Variant } from '../src/kernels/variants.ts';
import { kernelWorks } from './kernel-works.ts';
import { modelWorks } from './model-works.ts';
import type { Size } from './model-works.ts';
import { isOurs, median } from './work.ts';
import type { Implementation, Prepared, Row, Work, WorkName } from './work.ts';

/** How a work is run. */
export interface RunRequest {
  repetitions: number;
  /** Of our kernels; anything that is no variant leaves the choice to them. */
  variant: string;
  size: Size;
}

/** What the command calls. */
export interface BenchPage {
  /** The adapter and its measured peak; throws when there is none. */
  open(): Promise<{ adapter: string; peakGflops: number }>;
  /** Runs one work; throws when one of our implementations differs too much from its reference. */
  run(name: WorkName, request: RunRequest): Promise<Row[]>;
}

declare global {
  interface Window {
    physmasterBench?: BenchPage;
  }
}

/** The wasm backend has finished when a call returns. */
async function finished(): Promise<void> {
  const backend = activeBackend();
  if (!(backend instanceof WebGPUBackend)) return;
  flush(backend);
  await backend.queue.onSubmittedWorkDone();
}

function webgpuDevice(): GPUDevice {
  return (findBackend('webgpu') as WebGPUBackend).device;
}

async function checked(work: string, implementation: Implementation): Promise<Pick<Row, 'maxError' | 'wrong'>> {
  await setBackend(implementation.backend);
  const maxError = await implementation.check();
  const { allowedError, name } = implementation;
  if (maxError <= allowedError) return { maxError };
  if (isOurs(implementation)) {
    throw new Error(`${work}: ${name} is off by ${maxError}, more than ${allowedError}. Nothing is timed.`);
  }
  return { maxError, wrong: true };
}

/**
 * Milliseconds of one run: the mean over `runs` that are waited for together, or for `returned` the median of as many
 * that are waited for one by one, since a switch of threads alone can take longer than what is timed.
 */
async function timed(implementation: Implementation, until: Prepared['until'], runs: number): Promise<number> {
  await setBackend(implementation.backend);
  await finished();
  const issuing: number[] = [];
  const start = performance.now();
  for (let i = 0; i < runs; i++) {
    const issued = performance.now();
    const running = implementation.run();
    issuing.push(performance.now() - issued);
    if (running) await running;
    if (until === 'returned') await finished();
  }
  await finished();
  return until === 'returned' ? median(issuing) : (performance.now() - start) / runs;
}

/**
 * What a measurement lasts at least, in milliseconds, and how many runs it may take: waiting for a fast GPU takes longer
 * than a kernel on it.
 */
const least = 40;
const most = 100;

/** What a measurement of `returned` may last, in milliseconds, and how many runs it may take. */
const longestReturned = 15_000;
const mostReturned = 9;

/** Milliseconds for which a GPU is put to work before it is timed. */
const warming = 100;

/** A GPU that has waited for the processor's turn has lowered its clock. A software adapter has none of its own. */
async function warmUp(implementation: Implementation): Promise<void> {
  await setBackend(implementation.backend);
  const backend = activeBackend();
  if (!(backend instanceof WebGPUBackend) || isSoftwareAdapter(backend.device.adapterInfo)) return;
  const start = performance.now();
  while (performance.now() - start < warming) {
    const running = implementation.run();
    if (running) await running;
    await finished();
  }
}

/** How many runs make a measurement. */
async function runsOf(implementation: Implementation, until: Prepared['until']): Promise<number> {
  if (until === 'returned') {
    const start = performance.now();
    await timed(implementation, until, 1);
    return Math.min(mostReturned, Math.max(1, Math.floor(longestReturned / (performance.now() - start))));
  }
  await warmUp(implementation);
  const once = await timed(implementation, until, 1);
  return Math.min(most, Math.max(1, Math.ceil(least / Math.max(once, least / most))));
}

/**
 * Measures our kernels' variants on the dispatches of a work, as the studio does, which runs the fastest from then on.
 * On a software adapter it changes next to nothing and takes minutes.
 */
async function tune(work: Work): Promise<void> {
  const backend = activeBackend();
  if (!(backend instanceof WebGPUBackend) || isSoftwareAdapter(backend.device.adapterInfo)) return;
  const { implementations } = await work.prepare();
  for (const implementation of implementations) {
    if (isOurs(implementation) && implementation.backend === 'webgpu') await checked(work.name, implementation);
    implementation.dispose?.();
  }
  while (await tuneNext(backend.device)) { /* one dispatch after another */ }
}

window.physmasterBench = {
  async open() {
    await createWasmBackend(wasmAddress);
    const { device, adapterInfo } = await createDevice();
    return { adapter: adapterName(adapterInfo), peakGflops: (await measurePeak(device)).gflops };
  },
  async run(name, { repetitions, variant, size }) {
    const work = [...kernelWorks, ...modelWorks(size)].find((candidate) => candidate.name === name);
    if (!work) throw new Error(`There is no work named ${name}.`);
    forceVariant(variants.find((candidate: Variant) => candidate === variant) ?? null);
    await setBackend('webgpu');
    if (variant === 'auto') await tune(work);
    const { shape, operations, until, implementations } = await work.prepare();
    const errors: Pick<Row, 'maxError' | 'wrong'>[] = [];
    const times = implementations.map((): number[] => []);
    const peaks: number[] = [];
    // The adapter's peak takes its turn as well: on a machine that others use, it is not always the same.
    const meter = await arithmeticMeter(webgpuDevice());
    if (until === 'returned') {
      // One after the other: a step of another kind between two of these makes the browser drop what it has compiled.
      for (const [i, implementation] of implementations.entries()) {
        errors.push(await checked(name, implementation));
        const runs = await runsOf(implementation, until);
        for (let repetition = 0; repetition < repetitions; repetition++) {
          times[i].push(await timed(implementation, until, runs));
        }
      }
      peaks.push(await meter.gflops());
    } else {
      for (const implementation of implementations) errors.push(await checked(name, implementation));
      const runs: number[] = [];
      for (const implementation of implementations) runs.push(await runsOf(implementation, until));
      for (let repetition = 0; repetition < repetitions; repetition++) {
        peaks.push(await meter.gflops());
        for (const [i, implementation] of implementations.entries()) {
          await warmUp(implementation);
          times[i].push(await timed(implementation, until, runs[i]));
        }
      }
    }
    meter.dispose();
    return implementations.map((implementation, i) => {
      const captureBytes = implementation.captureBytes?.() || undefined;
      implementation.dispose?.();
      const milliseconds = median(times[i]);
      return {
        work: name,
        shape,
        implementation: implementation.name,
        milliseconds,
        gflops: operations / milliseconds / 1e6,
        // The peak is the GPU's.
        ...(implementation.backend === 'webgpu' && { peakGflops: median(peaks) }),
        ...errors[i],
        captureBytes,
      };
    });
  },
};
