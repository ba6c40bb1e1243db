/**
 * Events: what the worker tells the page, named noun.verb. This file sends nothing.
 */
import * as v from 'valibot';
import {
  Clip,
  ClipMetrics,
  ClipName,
  GeneratorVersion,
  Image,
  ModelSize,
  PairId,
  PairRecord,
  PairSource,
  SamplerSettings,
  SceneSource,
  Sides,
  SnapshotId,
  SnapshotRecord,
  TrainingSettings,
  TrainingStep,
} from './records.ts';

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const SessionProgress = v.object({
  kind: v.literal('session.progress'),
  phase: v.picklist(['device', 'world', 'weights', 'check', 'upload', 'restore']),
  /** Of the phase `weights`; totalBytes is 0 while unknown. */
  loadedBytes: Count,
  totalBytes: Count,
  message: v.string(),
});

export const ModelCard = v.object({
  name: v.string(),
  size: ModelSize,
  parameters: Count,
  bytes: Count,
  /** [T,H,W] of a clip. */
  clip: v.tuple([Count, Count, Count]),
  framesPerSecond: v.number(),
  families: v.array(v.string()),
  /** Of pairs, unless the visitor asks otherwise. */
  sampler: SamplerSettings,
  /** What it was trained on, in a sentence or two. */
  summary: v.string(),
});
export type ModelCard = v.InferOutput<typeof ModelCard>;

export const SessionReady = v.object({
  kind: v.literal('session.ready'),
  /** As the browser names it; software adapters say so. */
  adapter: v.string(),
  software: v.boolean(),
  /** Why the processor does a GPU's work, as half a sentence; null where a GPU does. */
  noGpu: v.nullable(v.string()),
  modelHash: v.string(),
  card: ModelCard,
  /** The trainer's settings to begin with. */
  training: TrainingSettings,
  /** The snapshot that the weights were restored from; null: they are the pretrained ones. */
  snapshotId: v.nullable(SnapshotId),
  /** Training steps behind the weights; 0 for the pretrained ones. */
  step: Count,
});

export const FailureCode = v.picklist([
  'webgpu-missing',
  'adapter-missing',
  'device-lost',
  'weights-missing',
  'weights-truncated',
  'weights-shape',
  'weights-invalid',
  'weights-damaged',
  'world-failed',
  'internal',
]);
export type FailureCode = v.InferOutput<typeof FailureCode>;

/** The session cannot go on. `sentence` says what happened, `remedy` what the visitor can do. */
export const SessionFailed = v.object({
  kind: v.literal('session.failed'),
  code: FailureCode,
  sentence: v.string(),
  remedy: v.string(),
});

/** A single request could not be carried out; the session goes on. */
export const RequestRefused = v.object({
  kind: v.literal('request.refused'),
  request: v.string(),
  sentence: v.string(),
});

export const SceneListed = v.object({
  kind: v.literal('scene.listed'),
  scenes: v.array(v.object({ source: SceneSource, description: v.string(), thumbnail: Image })),
});
export type SceneListed = v.InferOutput<typeof SceneListed>;

/** A family of scenes, for people. */
export const WorldFamily = v.object({
  name: v.string(),
  title: v.string(),
  domain: v.picklist(['rigid', 'fluid', 'thermal', 'optics']),
  law: v.string(),
  /** What is measured of the law, with its unit. */
  quantity: v.string(),
});
export type WorldFamily = v.InferOutput<typeof WorldFamily>;

export const WorldListed = v.object({ kind: v.literal('world.listed'), families: v.array(WorldFamily) });
export type WorldListed = v.InferOutput<typeof WorldListed>;

export const WorldShown = v.object({
  kind: v.literal('world.shown'),
  source: SceneSource,
  description: v.string(),
  clip: Clip,
  /** The law's quantity by its closed form, and as tracked on this clip; null where it does not show. */
  law: v.object({ expected: v.nullable(v.number()), measured: v.nullable(v.number()) }),
});
export type WorldShown = v.InferOutput<typeof WorldShown>;

export const PairProgress = v.object({
  kind: v.literal('pair.progress'),
  pairId: PairId,
  phase: v.picklist(['queued', 'encoding', 'sampling', 'decoding']),
  step: Count,
  steps: Count,
});

export const PairReady = v.object({
  kind: v.literal('pair.ready'),
  pairId: PairId,
  source: PairSource,
  description: v.string(),
  clips: v.object({ a: Clip, b: Clip }),
  sides: Sides,
  seeds: v.tuple([Count, Count]),
  sampler: SamplerSettings,
  generator: GeneratorVersion,
  /** What the world's simulation does with this scene; shown only after the vote. Null for images. */
  truth: v.nullable(Clip),
  /** Set where the source lies outside what the model was trained on. */
  outsideNote: v.nullable(v.string()),
  automatic: v.boolean(),
  milliseconds: v.number(),
});
export type PairReady = v.InferOutput<typeof PairReady>;

export const PairFailed = v.object({ kind: v.literal('pair.failed'), pairId: PairId, sentence: v.string() });

/** For storage; follows `pair.ready`. */
export const PairRecorded = v.object({ kind: v.literal('pair.record'), record: PairRecord });

/**
 * The automatic voter's verdict. The page turns it into a vote like any other: stores it, then sends
 * `vote.add`.
 */
export const VoteAutomatic = v.object({
  kind: v.literal('vote.automatic'),
  pairId: PairId,
  /** Null: too close to call, stored as a tie. */
  chosen: v.nullable(ClipName),
  metrics: v.object({ a: ClipMetrics, b: ClipMetrics }),
});

export const AutomaticState = v.object({
  kind: v.literal('automatic.state'),
  running: v.boolean(),
  votes: Count,
});

export const TrainingState = v.object({
  kind: v.literal('training.state'),
  state: v.picklist(['idle', 'warming-up', 'running', 'paused']),
  /** Why it is not running; null while it is. */
  reason: v.nullable(
    v.picklist(['visitor', 'no-votes', 'steps-taken', 'generating', 'evaluating', 'alarm', 'device-lost']),
  ),
  /** Votes that training can learn from. */
  usableVotes: Count,
});
export type TrainingState = v.InferOutput<typeof TrainingState>;

export const TrainingStepped = v.object({ kind: v.literal('training.step'), values: TrainingStep });

export const EvaluationProgress = v.object({
  kind: v.literal('evaluation.progress'),
  done: Count,
  total: Count,
});

export const EvaluationReady = v.object({
  kind: v.literal('evaluation.ready'),
  step: Count,
  seed: Count,
  /** Flow-matching loss on the ground truth of these scenes. */
  groundTruthLoss: v.object({ before: v.number(), after: v.number() }),
  scenes: v.array(
    v.object({
      source: SceneSource,
      description: v.string(),
      before: Clip,
      after: Clip,
      truth: Clip,
      metricsBefore: ClipMetrics,
      metricsAfter: ClipMetrics,
    }),
  ),
});
export type EvaluationReady = v.InferOutput<typeof EvaluationReady>;

export const SnapshotReady = v.object({ kind: v.literal('snapshot.ready'), snapshot: SnapshotRecord });
export const SnapshotRestored = v.object({
  kind: v.literal('snapshot.restored'),
  id: v.nullable(SnapshotId),
  step: Count,
});

export const AlarmCode = v.picklist([
  'not-a-number',
  'both-rewards-fall',
  'few-pairs',
  'motion-collapse',
  'vanishing-objects',
  'ground-truth-loss-rises',
  'step-redone',
]);
export type AlarmCode = v.InferOutput<typeof AlarmCode>;

export const AlarmRaised = v.object({
  kind: v.literal('alarm.raised'),
  code: AlarmCode,
  step: Count,
  sentence: v.string(),
});
export type AlarmRaised = v.InferOutput<typeof AlarmRaised>;

export const DeviceLost = v.object({ kind: v.literal('device.lost'), sentence: v.string() });
export const DeviceRecovered = v.object({
  kind: v.literal('device.recovered'),
  /** Training steps that had to be done again: 0 or 1. */
  stepsRedone: Count,
});

/** The GPU reported an error that nobody waited for; what it computed may be wrong, so training rests. */
export const DeviceFaulted = v.object({ kind: v.literal('device.faulted'), sentence: v.string() });

/** The kernels were measured on this adapter, as far as the time for it went. */
export const KernelsTuned = v.object({
  kind: v.literal('kernels.tuned'),
  /** Spent on measuring. */
  milliseconds: v.number(),
  /** Kernels and shapes that came up and are not measured yet. */
  left: Count,
  kernels: v.array(v.object({
    /** Kernel and shape. */
    key: v.string(),
    /** What runs from now on. */
    variant: v.string(),
    /** Of one dispatch, by variant. */
    milliseconds: v.record(v.string(), v.number()),
  })),
});
export type KernelsTuned = v.InferOutput<typeof KernelsTuned>;

/** Pieces of the model that are timed, of so many. */
export const ProfileProgress = v.object({ kind: v.literal('profile.progress'), done: Count, of: Count });

/** Where the GPU's time goes. */
export const ProfileReady = v.object({
  kind: v.literal('profile.ready'),
  /** What the adapter can do at most, as measured on it. */
  peak: v.object({ gflops: v.number(), gigabytesPerSecond: v.number() }),
  /** A captured piece of the model each. */
  captures: v.array(v.object({
    name: v.string(),
    dispatches: Count,
    milliseconds: v.number(),
    /** Of GPU memory that belongs to it. */
    bytes: Count,
    /** The longest first. */
    kernels: v.array(v.object({
      kernel: v.string(),
      dispatches: Count,
      milliseconds: v.number(),
      /** 1e9 operations a second; 0 where they are not counted. */
      gflops: v.number(),
      gigabytesPerSecond: v.number(),
      /** The least time that the peak allows over the time it took. */
      ofRoof: v.number(),
    })),
  })),
  /** The same as a Chrome trace, JSON. */
  trace: v.string(),
});
export type ProfileReady = v.InferOutput<typeof ProfileReady>;

export const WorkerEvent = v.variant('kind', [
  SessionProgress,
  SessionReady,
  SessionFailed,
  RequestRefused,
  SceneListed,
  WorldListed,
  WorldShown,
  PairProgress,
  PairReady,
  PairFailed,
  PairRecorded,
  VoteAutomatic,
  AutomaticState,
  TrainingState,
  TrainingStepped,
  EvaluationProgress,
  EvaluationReady,
  SnapshotReady,
  SnapshotRestored,
  AlarmRaised,
  DeviceLost,
  DeviceRecovered,
  DeviceFaulted,
  KernelsTuned,
  ProfileProgress,
  ProfileReady,
]);
export type WorkerEvent = v.InferOutput<typeof WorkerEvent>;
