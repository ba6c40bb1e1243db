// What an adapter can do at most, as measured on it: the roof that its kernels are held against.

import arithmeticSource from '../../shaders/probe/arithmetic.wgsl?raw';
import copySource from '../../shaders/probe/copy.wgsl?raw';
import { launchOf, runsFor, timeOf } from './gpu-timer.ts';
import { flatWorkgroups } from './pipeline.ts';
import type { Program } from './pipeline.ts';

/** An adapter's limits. */
export interface Peak {
  /** Floating-point operations a second, f32, in 1e9. */
  gflops: number;
  /** Bytes read and written a second, in 1e9. */
  gigabytesPerSecond: number;
}

const repetitions = 5;
/** Milliseconds that one measurement should take. */
const longEnough = 20;
/** More than the caches of most GPUs hold, and half of what every adapter binds at least; x and y each. */
const copiedBytes = 64 * 2 ** 20;
const threads = 2 ** 16;
/** Eight numbers, eight times a product and a sum each. */
const operationsPerTurn = 128;

/** The multiply-add loop: `threads` starts, a factor and a term -> `threads` results. */
export function arithmeticProgram(turns: number): Program {
  return {
    shader: { name: 'probe/arithmetic', code: arithmeticSource },
    constants: { TURNS: turns, THREADS: threads },
    workgroups: [threads / 64, 1, 1],
    operations: threads * turns * operationsPerTurn,
  };
}

/** y = x + 1 over `size` vectors of four, a multiple of 8. */
export function copyProgram(device: GPUDevice, size: number): Program {
  return {
    shader: { name: 'probe/copy', code: copySource },
    constants: { STRIDE: size / 8 },
    workgroups: flatWorkgroups(device, Math.ceil(size / 8 / 64)),
  };
}

/** A loop of products and sums on an adapter, ready to be timed. */
export interface ArithmeticMeter {
  /** What it reaches now, in 1e9 operations a second. */
  gflops(): Promise<number>;
  dispose(): void;
}

/** A meter, after a first run that may compile. */
export async function arithmeticMeter(device: GPUDevice): Promise<ArithmeticMeter> {
  const program = arithmeticProgram(64);
  const buffers = [threads + 2, threads].map((count) =>
    device.createBuffer({ size: 4 * count, usage: GPUBufferUsage.STORAGE }));
  const launch = launchOf(device, program, buffers);
  const runs = await runsFor(device, launch, longEnough);
  return {
    gflops: async () => (program.operations ?? 0) / await timeOf(device, launch, runs) / 1e6,
    dispose: () => buffers.forEach((buffer) => buffer.destroy()),
  };
}

/** Measures an adapter: a fraction of a second on a GPU, a few seconds on one that computes on the CPU. */
export async function measurePeak(device: GPUDevice): Promise<Peak> {
  const meter = await arithmeticMeter(device);
  const copied = [0, 1].map(() => device.createBuffer({ size: copiedBytes, usage: GPUBufferUsage.STORAGE }));
  try {
    const copy = launchOf(device, copyProgram(device, copiedBytes / 16), copied);
    const runs = await runsFor(device, copy, longEnough);
    // The fastest of a few runs: a limit is not what happens on average.
    const peak: Peak = { gflops: 0, gigabytesPerSecond: 0 };
    for (let repetition = 0; repetition < repetitions; repetition++) {
      peak.gflops = Math.max(peak.gflops, await meter.gflops());
      const milliseconds = await timeOf(device, copy, runs);
      peak.gigabytesPerSecond = Math.max(peak.gigabytesPerSecond, 2 * copiedBytes / milliseconds / 1e6);
    }
    return peak;
  } finally {
    meter.dispose();
    copied.forEach((buffer) => buffer.destroy());
  }
}
