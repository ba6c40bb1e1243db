/**
 * Requests: what the page asks of the worker, named noun.verb.
 *
 * A request is answered by events (events.ts), never by a return value. This file sends nothing.
 */
import * as v from 'valibot';
import {
  ModelSize,
  PairId,
  PairRecord,
  PairSource,
  SamplerSettings,
  SnapshotRecord,
  Split,
  TrainingSettings,
  VoteAdded,
  VoteEvent,
  VoteId,
} from './records.ts';

/** What computes: the GPU, the processor, or `auto`: the GPU where there is one, else the processor. */
export const EngineWish = v.picklist(['auto', 'webgpu', 'wasm']);
export type EngineWish = v.InferOutput<typeof EngineWish>;

/** Which model: by its size, or `auto`: small where there is a GPU, else nano. */
export const SizeWish = v.picklist(['auto', ...ModelSize.options]);
export type SizeWish = v.InferOutput<typeof SizeWish>;

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/**
 * Opens device, world and weights, then puts the stored votes, pairs and weights back. `modelsUrl` is the
 * folder, with a closing slash, that holds a folder of model.json and model.safetensors for each size. Sent once; a
 * page that wants another session ends the worker and starts a new one.
 */
export const SessionStart = v.object({
  kind: v.literal('session.start'),
  size: SizeWish,
  engine: EngineWish,
  /** Measure the ways to run each kernel on this adapter, while nothing else is wanted. */
  autotune: v.boolean(),
  modelsUrl: v.string(),
  restored: v.object({
    votes: v.array(VoteEvent),
    pairs: v.array(PairRecord),
    snapshot: v.nullable(SnapshotRecord),
    /** Training settings as last used; what is trained follows the snapshot. Null: the trainer's own. */
    settings: v.nullable(TrainingSettings),
  }),
});

export const SessionStop = v.object({ kind: v.literal('session.stop') });

/** Thumbnails of scenes; answered by `scene.listed` as soon as the world is there, weights or not. */
export const SceneList = v.object({
  kind: v.literal('scene.list'),
  /** Taken in turn, scene after scene. */
  families: v.pipe(v.array(v.string()), v.minLength(1)),
  split: Split,
  firstSeed: Count,
  count: v.pipe(Count, v.maxValue(64)),
});

/** Every family of the world and its law; answered by `world.listed`. Needs no model. */
export const WorldList = v.object({ kind: v.literal('world.list') });
/** The simulation of one scene, and its law as measured on it; answered by `world.shown`. Needs no model. */
export const WorldShow = v.object({
  kind: v.literal('world.show'),
  family: v.string(),
  split: Split,
  seed: Count,
});

/** Asks for two clips of one source. The page names the pair; several requests queue up in order. */
export const PairRequest = v.object({
  kind: v.literal('pair.request'),
  pairId: PairId,
  source: PairSource,
  /** Noise seeds of clips a and b; drawn by the worker where absent. */
  seeds: v.optional(v.tuple([Count, Count])),
  sampler: v.optional(SamplerSettings),
});

/** Drops a request that is queued or under way. No event follows for that pair. */
export const PairCancel = v.object({ kind: v.literal('pair.cancel'), pairId: PairId });

/** Sent only once the vote is stored (or storage has said that it cannot). */
export const VoteAdd = v.object({ kind: v.literal('vote.add'), vote: VoteAdded });
export const VoteRemove = v.object({ kind: v.literal('vote.remove'), voteId: VoteId });

export const TrainingStart = v.object({ kind: v.literal('training.start') });
export const TrainingPause = v.object({ kind: v.literal('training.pause') });
/** Takes so many steps, then pauses. */
export const TrainingTake = v.object({
  kind: v.literal('training.take'),
  steps: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)),
});
/** Takes effect from the next step on. `snapshot.ready` precedes a change of stage: a run ends there. */
export const TrainingConfigure = v.object({
  kind: v.literal('training.configure'),
  settings: TrainingSettings,
});

/** Answered by `snapshot.ready`. */
export const SnapshotTake = v.object({ kind: v.literal('snapshot.take') });
/** Goes back to a snapshot, or with null to the pretrained weights; answered by `snapshot.restored`. */
export const SnapshotRestore = v.object({
  kind: v.literal('snapshot.restore'),
  snapshot: v.nullable(SnapshotRecord),
});

/** The same held-out scenes and seeds through reference and policy; answered by `evaluation.ready`. */
export const EvaluationRequest = v.object({
  kind: v.literal('evaluation.request'),
  scenes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16)),
});

/** Times every kernel of a pair of clips and of a training step; answered by `profile.ready`. WebGPU only. */
export const ProfileRequest = v.object({ kind: v.literal('profile.request') });

/** "Vote for me": the worker makes pairs of the train split and ranks them by the strict metric. */
export const AutomaticStart = v.object({
  kind: v.literal('automatic.start'),
  /** Taken in turn, scene after scene. */
  families: v.pipe(v.array(v.string()), v.minLength(1)),
  firstSeed: Count,
  /** Stop after so many votes; absent: until told to. */
  votes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});
export const AutomaticStop = v.object({ kind: v.literal('automatic.stop') });

export const PageRequest = v.variant('kind', [
  SessionStart,
  SessionStop,
  SceneList,
  WorldList,
  WorldShow,
  PairRequest,
  PairCancel,
  VoteAdd,
  VoteRemove,
  TrainingStart,
  TrainingPause,
  TrainingTake,
  TrainingConfigure,
  SnapshotTake,
  SnapshotRestore,
  EvaluationRequest,
  ProfileRequest,
  AutomaticStart,
  AutomaticStop,
]);
export type PageRequest = v.InferOutput<typeof PageRequest>;
