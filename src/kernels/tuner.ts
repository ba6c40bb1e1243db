// Measures the ways in which a dispatch can run and keeps the fastest, one dispatch at a time, so that other work
// comes between.
//
// Candidates run in turn on scratch buffers of the sizes that they bind; the median of a few runs counts. One that
// is far behind after its first run is not run again. Nothing is checked here: every variant passes the kernels'
// suites.

import { launchOf, runsFor, timeOf } from '../engine/gpu-timer.ts';
import type { Launch } from '../engine/gpu-timer.ts';
import { setMeasured, unmeasured } from './variants.ts';
import type { Candidates, Variant } from './variants.ts';

/** What came of measuring one dispatch. */
export interface Tuned {
  /** Names kernel and shape. */
  readonly key: string;
  /** The fastest, which runs from the next capture on. */
  readonly variant: Variant;
  /** What ran before. */
  readonly before: Variant;
  /** Milliseconds of a dispatch by every variant that was measured. */
  readonly milliseconds: Partial<Record<Variant, number>>;
}

const repetitions = 5;
/** Milliseconds that one measurement should take: more than browsers round times to, little for a slow adapter. */
const longEnough = 5;
/** Milliseconds that browsers round a time to. */
const rounding = 0.1;
/** A candidate that takes more than this many times the fastest's time is out. */
const farBehind = 3;

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

interface Contestant extends Launch {
  readonly name: Variant;
}

async function race(device: GPUDevice, contestants: Contestant[]): Promise<Partial<Record<Variant, number>>> {
  const singles = new Map<Contestant, number>();
  for (const contestant of contestants) {
    // The first run compiles.
    await timeOf(device, contestant, 1);
    singles.set(contestant, await timeOf(device, contestant, 1));
  }
  const fastest = Math.max(rounding, Math.min(...singles.values()));
  const left = contestants.filter((contestant) => (singles.get(contestant) ?? 0) <= farBehind * fastest);
  const runs = await runsFor(device, left[0], longEnough);
  const times = new Map(left.map((contestant) => [contestant, [] as number[]]));
  for (let repetition = 0; left.length > 1 && repetition < repetitions; repetition++) {
    for (const [contestant, all] of times) all.push(await timeOf(device, contestant, runs));
  }
  return Object.fromEntries(contestants.map((contestant) => {
    const all = times.get(contestant) ?? [];
    return [contestant.name, all.length > 0 ? median(all) : singles.get(contestant) ?? Infinity];
  }));
}

/** Milliseconds of every candidate but the general one, which is for shapes that no other can do. */
async function measure(device: GPUDevice, candidates: Candidates): Promise<Partial<Record<Variant, number>>> {
  const scratch: GPUBuffer[] = [];
  try {
    const contestants = (Object.keys(candidates) as Variant[]).flatMap((name) => {
      const candidate = name === 'general' ? undefined : candidates[name]?.();
      if (!candidate) return [];
      const buffers = candidate.bytes.map((size) => device.createBuffer({ size, usage: GPUBufferUsage.STORAGE }));
      scratch.push(...buffers);
      return [{ name, ...launchOf(device, candidate.program, buffers) }];
    });
    return await race(device, contestants);
  } finally {
    scratch.forEach((buffer) => buffer.destroy());
  }
}

/** Measures the next dispatch that came up on this device and sets its choice; null when there is none left. */
export async function tuneNext(device: GPUDevice): Promise<Tuned | null> {
  const [next] = unmeasured(device);
  if (!next) return null;
  const { key, candidates, used } = next;
  const milliseconds = await measure(device, candidates);
  const [[variant]] = Object.entries(milliseconds).toSorted(([, a], [, b]) => a - b) as [Variant, number][];
  setMeasured(device, key, variant);
  return { key, variant, before: used, milliseconds };
}
