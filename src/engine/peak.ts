// What an adapter can do at most, as measured on it: the roof that its kernels are held against.

import arithmeticSource from '../../shaders/probe/arithmetic.wgsl?raw';
import copySource from '../../shaders/probe/copy.wgsl?raw';
import { launchOf, runsFor, timeOf } from './gpu-timer.ts';
import type { Launch } from './gpu-timer.ts';
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

/** The fastest of a few runs: a limit is not what happens on average. */
async function fastest(device: GPUDevice, launch: Launch): Promise<number> {
  const runs = await runsFor(device, launch, longEnough);
  let best = Infinity;
  for (let repetition = 0; repetition < repetitions; repetition++) {
    best = Math.min(best, await timeOf(device, launch, runs));
  }
  return best;
}

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

/** Measures an adapter: a fraction of a second on a GPU, a few seconds on one that computes on the CPU. */
export async function measurePeak(device: GPUDevice): Promise<Peak> {
  const made: GPUBuffer[] = [];
  const buffer = (size: number): GPUBuffer => {
    const created = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE });
    made.push(created);
    return created;
  };
  try {
    const program = arithmeticProgram(64);
    const arithmetic = launchOf(device, program, [buffer(4 * (threads + 2)), buffer(4 * threads)]);
    const copy = launchOf(device, copyProgram(device, copiedBytes / 16), [buffer(copiedBytes), buffer(copiedBytes)]);
    return {
      gflops: (program.operations ?? 0) / await fastest(device, arithmetic) / 1e6,
      gigabytesPerSecond: 2 * copiedBytes / await fastest(device, copy) / 1e6,
    };
  } finally {
    made.forEach((each) => each.destroy());
  }
}
