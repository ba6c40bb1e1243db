// Which variant of a kernel runs: the one place that decides.
//
// 'register': each thread keeps a tile in registers and reads its operands straight from storage. Best on
// adapters that compute on the CPU, where barriers and workgroup memory cost more than they save. 'quad': one operand
// stands still in an array of the thread's own, the other walks past and is handed round among four neighbouring threads,
// where such an adapter has subgroups; two to three times as fast there, since it loads the least.
// 'staged': tiles of 32 x 32 outputs whose operands are staged through workgroup memory; 'staged-wide': of
// 64 x 64; 'staged-split': the tile of 'staged' with its sums shared among four times as many threads, for outputs that
// are too few to fill a GPU; 'subgroups': sums over rows that are taken within subgroups first. Best on GPUs.
// 'general': scalar loads, any shape; runs when a dimension is not a multiple of 4, which the others need.
//
// What was measured on a device (tuner.ts) goes before what is usual. Every choice that comes up is remembered, so
// that it can be measured.

import type { Program } from '../engine/bridge.ts';

/** How a kernel's operands reach its threads. */
export type Variant = 'register' | 'quad' | 'staged' | 'staged-wide' | 'staged-split' | 'subgroups' | 'general';

/** Those of matrix products and convolutions, for suites that must cover all of them. */
export const productVariants: readonly Variant[] = ['register', 'quad', 'staged', 'staged-wide', 'staged-split', 'general'];

/** Every variant. */
export const variants: readonly Variant[] = [...productVariants, 'subgroups'];

/** One way to run a dispatch, and the bytes of every buffer that it binds, in order. */
export interface Candidate {
  readonly program: Program;
  readonly bytes: readonly number[];
}

/** The ways to run one dispatch. */
export type Candidates<Kind extends Candidate = Candidate> = Partial<Record<Variant, () => Kind>>;

/** A dispatch that has come up. */
interface Met {
  readonly key: string;
  readonly candidates: Candidates;
  /** What ran. */
  readonly used: Variant;
}

interface DeviceChoices {
  /** Variants that were measured to be the fastest, by the dispatch's key. */
  readonly measured: Map<string, Variant>;
  readonly met: Map<string, Met>;
}

const devices = new WeakMap<GPUDevice, DeviceChoices>();

function choicesOf(device: GPUDevice): DeviceChoices {
  let choices = devices.get(device);
  if (!choices) {
    choices = { measured: new Map(), met: new Map() };
    devices.set(device, choices);
  }
  return choices;
}

/** What runs where a dispatch has no variant of the wanted name. */
const nearest: Partial<Record<Variant, Variant>> = {
  'staged-wide': 'staged', 'staged-split': 'staged', subgroups: 'staged', quad: 'register',
};

let forced: Variant | null = null;

/** Makes every kernel run this variant where it has it and the shape allows it; null ends that. */
export function forceVariant(variant: Variant | null): void {
  forced = variant;
}

/** What `forceVariant` has set, for kernels that have one variant more than others. */
export function forcedVariant(): Variant | null {
  return forced;
}

/** True for an adapter that computes on the CPU. */
export function isSoftwareAdapter(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || /swiftshader|llvmpipe|warp/i.test(`${info.architecture} ${info.description}`);
}

/**
 * Whether kernels may hand values round among four neighbouring threads. WGSL leaves it to the implementation which
 * threads are neighbours, so that is relied on only where the suites have seen it; GPUs have the staged variants.
 */
export function hasNeighbours({ features, adapterInfo }: GPUDevice): boolean {
  return features.has('subgroups') && isSoftwareAdapter(adapterInfo);
}

/** Whether a shader can tell the subgroups of a workgroup apart; no matter how large they are. */
export function hasSubgroupIds({ features }: GPUDevice): boolean {
  return features.has('subgroups') && navigator.gpu.wgslLanguageFeatures.has('subgroup_id');
}

/**
 * The candidate that runs on this device.
 * @param key names kernel and shape
 * @param usual what runs on a GPU until something else was measured to be faster
 */
export function choose<Kind extends Candidate>(
  device: GPUDevice, key: string, candidates: Candidates<Kind>, usual: Variant,
): Kind {
  const { measured, met } = choicesOf(device);
  const untuned = isSoftwareAdapter(device.adapterInfo) ? 'quad' : usual;
  const wanted = forced ?? measured.get(key) ?? untuned;
  const near = nearest[wanted] ?? wanted;
  const used = ([wanted, near, usual, 'register', 'general'] as const).find((name) => candidates[name]);
  const make = used && candidates[used];
  if (!make) throw new Error(`There is no way to run ${key}.`);
  met.set(key, { key, candidates, used });
  return make();
}

/** Dispatches that came up on a device, can run in several ways and have not been measured. */
export function unmeasured(device: GPUDevice): Met[] {
  const { measured, met } = choicesOf(device);
  return [...met.values()].filter(({ key, candidates }) =>
    !measured.has(key) && Object.keys(candidates).filter((name) => name !== 'general').length > 1);
}

/** From now on this variant runs where the key comes up. */
export function setMeasured(device: GPUDevice, key: string, variant: Variant): void {
  choicesOf(device).measured.set(key, variant);
}

/** All that was measured on a device. */
export function measuredChoices(device: GPUDevice): ReadonlyMap<string, Variant> {
  return choicesOf(device).measured;
}
