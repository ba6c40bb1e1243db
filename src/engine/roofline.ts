// Kernels held against what the adapter can do (the roofline model of Williams, Waterman and Patterson, 2009): a kernel
// cannot be faster than its arithmetic at the adapter's peak, nor than its bytes at the adapter's bandwidth.

import type { Peak } from './peak.ts';
import type { KernelTime } from './profiler.ts';
import type { DispatchWork } from './recorder.ts';

/** All dispatches of one kernel in a piece of work. */
export interface KernelShare {
  kernel: string;
  dispatches: number;
  milliseconds: number;
  /** Of the whole. */
  share: number;
  /** 1e9 floating-point operations a second; 0 where they are not counted. */
  gflops: number;
  gigabytesPerSecond: number;
  /** The least time that the adapter's peak allows over the time it took. */
  ofRoof: number;
}

/** Milliseconds that work takes at least. Bytes are those that must move: a kernel that reads twice is not excused. */
export function leastMilliseconds({ gflops, gigabytesPerSecond }: Peak, operations: number, bytes: number): number {
  return Math.max(operations / gflops, bytes / gigabytesPerSecond) / 1e6;
}

/** An adapter on paper: its data sheet's peak, and the least time from one dispatch to the next. */
export interface Machine extends Peak {
  name: string;
  microsecondsPerDispatch: number;
}

/**
 * Milliseconds that dispatches take one after another when each reaches a share of its roof:
 * sum over dispatches of max(operations / peak, bytes / bandwidth) / share, each at least the time of a dispatch.
 */
export function predictedMilliseconds(machine: Machine, work: readonly DispatchWork[], share: number): number {
  return work.reduce((sum, { operations, bytes }) => sum
    + Math.max(leastMilliseconds(machine, operations, bytes) / share, machine.microsecondsPerDispatch / 1000), 0);
}

/** Of all dispatches together. */
export function totalMilliseconds(times: readonly KernelTime[]): number {
  return times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
}

/** Dispatches by kernel, in the order in which the kernels come up. */
export function byKernel<Work extends DispatchWork>(work: readonly Work[]): Map<string, Work[]> {
  const groups = new Map<string, Work[]>();
  for (const item of work) groups.set(item.kernel, [...(groups.get(item.kernel) ?? []), item]);
  return groups;
}

/** Times by kernel, the longest first. */
export function sharesOf(times: readonly KernelTime[], peak: Peak): KernelShare[] {
  const whole = totalMilliseconds(times);
  return [...byKernel(times)].map(([kernel, group]) => {
    const sum = (of: (time: KernelTime) => number): number => group.reduce((total, time) => total + of(time), 0);
    const milliseconds = sum((time) => time.milliseconds);
    return {
      kernel,
      dispatches: group.length,
      milliseconds,
      share: milliseconds / whole,
      gflops: sum(({ operations }) => operations) / milliseconds / 1e6,
      gigabytesPerSecond: sum(({ bytes }) => bytes) / milliseconds / 1e6,
      ofRoof: sum(({ operations, bytes }) => leastMilliseconds(peak, operations, bytes)) / milliseconds,
    };
  }).toSorted((a, b) => b.milliseconds - a.milliseconds);
}
