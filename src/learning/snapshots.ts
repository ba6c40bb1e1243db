/**
 * Snapshots: the trained state as a safetensors file, enough to go on exactly from there.
 *
 * What equals the pretrained state (an untouched head, moments that are all zero) is left out and comes back
 * as pretrained. Draws of pairs, flow times and noise are pure functions of seed and step, so the counters in
 * the metadata are all there is to the random state. Storage is not done here.
 */
import { parse, SafetensorsError, serialize } from '../model/safetensors.ts';
import type { StoredTensor } from '../model/safetensors.ts';
import type { PolicyState, Stage, StateValues } from './policy-state.ts';

/** Where training stands, besides the values. */
export interface Progress {
  readonly stage: Stage;
  /** Training steps taken in all. */
  readonly step: number;
  /** Updates of each stage's parameters: what AdamW's bias correction counts. */
  readonly updates: Readonly<Record<Stage, number>>;
  /** Of pair order, flow times and noise. */
  readonly seed: number;
  /** Pairs drawn so far. */
  readonly pairs: number;
  /** Draws of (t, noise) so far. */
  readonly draws: number;
}

export interface Snapshot {
  readonly progress: Progress;
  readonly modelHash: string;
  readonly values: StateValues;
}

/** A snapshot that cannot be restored; the message says why. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/** Where training stands before its first step. */
export function initialProgress(stage: Stage, seed: number): Progress {
  return { stage, step: 0, updates: { generator: 0, 'physical-head': 0 }, seed, pairs: 0, draws: 0 };
}

/** A snapshot as the bytes of a safetensors file. */
export function snapshotBytes(state: PolicyState, snapshot: Snapshot): Uint8Array<ArrayBuffer> {
  const pretrained = state.pretrainedValues();
  const tensors: [string, StoredTensor][] = [];
  for (const [name, values] of snapshot.values) {
    const before = pretrained.get(name);
    if (before === undefined || values.some((value, i) => value !== before[i])) {
      tensors.push([name, { dtype: 'F32', shape: state.shapeOf(name), data: values }]);
    }
  }
  const { stage, step, updates, seed, pairs, draws } = snapshot.progress;
  return serialize(tensors, {
    format: 'physmaster-snapshot-1', model_hash: snapshot.modelHash, stage, step: `${step}`, seed: `${seed}`,
    pairs: `${pairs}`, draws: `${draws}`, updates_generator: `${updates.generator}`,
    updates_head: `${updates['physical-head']}`,
    lora_rank: `${state.lora.rank}`, lora_alpha: `${state.lora.alpha}`, lora_seed: `${state.lora.seed}`,
  });
}

/**
 * Reads a snapshot for this state.
 * @throws SnapshotError when the bytes are damaged, or made for another model or adapter
 */
export function readSnapshot(state: PolicyState, bytes: Uint8Array): Snapshot {
  const file = openFile(bytes);
  const text = (name: string): string => {
    const value = file.metadata[name];
    if (value === undefined) throw new SnapshotError(`The snapshot does not say its "${name}".`);
    return value;
  };
  const count = (name: string): number => {
    const value = Number(text(name));
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new SnapshotError(`The snapshot's "${name}" is no count.`);
    }
    return value;
  };
  const { hash } = state.model.file;
  if (text('model_hash') !== hash) {
    throw new SnapshotError('The snapshot was made on other weights than those that are loaded.');
  }
  if (count('lora_rank') !== state.lora.rank) {
    throw new SnapshotError(`The snapshot's adapter has rank ${text('lora_rank')}, not ${state.lora.rank}.`);
  }
  const stage = text('stage');
  if (stage !== 'generator' && stage !== 'physical-head') {
    throw new SnapshotError(`The snapshot is of the unknown stage "${stage}".`);
  }
  const values = state.pretrainedValues();
  for (const [name, { data }] of file.tensors) {
    if (!(data instanceof Float32Array) || values.get(name)?.length !== data.length) {
      throw new SnapshotError(`The snapshot's "${name}" does not fit this model.`);
    }
    if (!data.every(Number.isFinite)) {
      throw new SnapshotError(`The snapshot's "${name}" holds a value that is not a number.`);
    }
    values.set(name, data);
  }
  return {
    modelHash: hash, values,
    progress: {
      stage, step: count('step'), seed: count('seed'), pairs: count('pairs'), draws: count('draws'),
      updates: { generator: count('updates_generator'), 'physical-head': count('updates_head') },
    },
  };
}

function openFile(bytes: Uint8Array): ReturnType<typeof parse> {
  try {
    return parse(bytes);
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    throw new SnapshotError(`The snapshot is damaged: ${error.message}`);
  }
}
