/**
 * Records: everything that is stored, and that page and worker exchange whole.
 *
 * Each schema has a type of the same name. Sizes are checked here, so that a record that parses can be used
 * without further checks. Tensors inside records travel as safetensors bytes; their contents are checked by
 * the reader of those bytes, not here. This file stores nothing and sends nothing.
 */
import * as v from 'valibot';

/** Names of records. The prefix makes a mix-up a type error and a stray id readable in an export. */
export type VoteId = `vote-${string}`;
export type PairId = `pair-${string}`;
export type SnapshotId = `snapshot-${string}`;
export type RunId = `run-${string}`;

function idOf<T extends string>(prefix: string) {
  return v.custom<T>(
    (value) =>
      typeof value === 'string' && value.startsWith(`${prefix}-`) && value.length > prefix.length + 1,
    `not the id of a ${prefix}`,
  );
}
export const VoteId = idOf<VoteId>('vote');
export const PairId = idOf<PairId>('pair');
export const SnapshotId = idOf<SnapshotId>('snapshot');
export const RunId = idOf<RunId>('run');

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Finite = v.pipe(v.number(), v.finite());
const Share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const Time = v.pipe(v.string(), v.isoTimestamp());
/** Bytes that own their buffer's type: SharedArrayBuffer cannot be stored or transferred. */
const Bytes = v.custom<Uint8Array<ArrayBuffer>>(
  (value) => value instanceof Uint8Array && value.buffer instanceof ArrayBuffer,
  'no bytes',
);

/** A clip: frames u8 [T,H,W,3], row-major, sRGB. */
export const Clip = v.pipe(
  v.object({
    frames: Bytes,
    /** [T,H,W] */
    shape: v.tuple([Count, Count, Count]),
    framesPerSecond: v.pipe(v.number(), v.finite(), v.gtValue(0)),
  }),
  v.check(
    ({ frames, shape }) => shape[0] >= 1 && frames.length === shape[0] * shape[1] * shape[2] * 3,
    'the clip has another number of bytes than its shape says',
  ),
);
export type Clip = v.InferOutput<typeof Clip>;

/** An image: pixels u8 [H,W,3], row-major, sRGB. */
export const Image = v.pipe(
  v.object({ pixels: Bytes, /** [H,W] */ shape: v.tuple([Count, Count]) }),
  v.check(
    ({ pixels, shape }) => pixels.length >= 3 && pixels.length === shape[0] * shape[1] * 3,
    'the image has another number of bytes than its shape says',
  ),
);
export type Image = v.InferOutput<typeof Image>;

export const ModelSize = v.picklist(['nano', 'small']);
export type ModelSize = v.InferOutput<typeof ModelSize>;

export const Split = v.picklist(['wide', 'train', 'seen', 'unseen', 'out-of-range']);
export type Split = v.InferOutput<typeof Split>;

/** Where the first frame of a pair comes from. */
export const SceneSource = v.object({
  kind: v.literal('scene'),
  family: v.pipe(v.string(), v.minLength(1)),
  split: Split,
  seed: Count,
});
export type SceneSource = v.InferOutput<typeof SceneSource>;

export const ImageSource = v.object({
  kind: v.literal('image'),
  name: v.pipe(v.string(), v.maxLength(255)),
  image: Image,
});
export type ImageSource = v.InferOutput<typeof ImageSource>;

export const PairSource = v.variant('kind', [SceneSource, ImageSource]);
export type PairSource = v.InferOutput<typeof PairSource>;

/** The two clips of a pair in the order of their seeds; which one is shown on which side is `Sides`. */
export const ClipName = v.picklist(['a', 'b']);
export type ClipName = v.InferOutput<typeof ClipName>;

export const Sides = v.pipe(
  v.object({ left: ClipName, right: ClipName }),
  v.check(({ left, right }) => left !== right, 'both sides show the same clip'),
);
export type Sides = v.InferOutput<typeof Sides>;

export const SamplerSettings = v.object({
  /** How a step uses the velocity. Records from before there were several are of Euler's. */
  method: v.optional(v.picklist(['euler', 'heun', 'adams-bashforth']), 'euler'),
  steps: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200)),
  /** v = v_null + guidance (v_condition - v_null); 1 needs one forward a step. */
  guidance: v.pipe(v.number(), v.finite(), v.minValue(0)),
  /** Standard deviation of the initial noise. Records from before it existed were made at 1. */
  temperature: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0)), 1),
});
export type SamplerSettings = v.InferOutput<typeof SamplerSettings>;

/** Which weights made a clip: the file's hash, and how many training steps were taken on top of it. */
export const GeneratorVersion = v.object({ modelHash: v.string(), step: Count });
export type GeneratorVersion = v.InferOutput<typeof GeneratorVersion>;

/** Everything needed to train on a pair again after a reload, without generating it again. */
export const PairRecord = v.object({
  id: PairId,
  time: Time,
  source: PairSource,
  description: v.string(),
  seeds: v.tuple([Count, Count]),
  sides: Sides,
  sampler: SamplerSettings,
  generator: GeneratorVersion,
  /** The first frame, as the model saw it. */
  image: Image,
  /** Made by the automatic voter rather than asked for by the visitor. */
  automatic: v.boolean(),
  /** safetensors: the latents of both clips and what conditions them. Names are the worker's own. */
  tensors: Bytes,
});
export type PairRecord = v.InferOutput<typeof PairRecord>;

export const Choice = v.picklist(['left', 'right', 'tie', 'both-bad', 'skip']);
export type Choice = v.InferOutput<typeof Choice>;

export const Reason = v.picklist(['gravity', 'contact', 'shape', 'vanishing', 'flicker']);
export type Reason = v.InferOutput<typeof Reason>;

/** A vote. Only `left` and `right` choose a clip; ties, both-bad and skips never train. */
export const VoteAdded = v.pipe(
  v.object({
    kind: v.literal('vote.added'),
    id: VoteId,
    pairId: PairId,
    time: Time,
    choice: Choice,
    sides: Sides,
    /** The clip behind the choice; null unless the choice is left or right. */
    chosen: v.nullable(ClipName),
    reasons: v.array(Reason),
    /** Milliseconds between the pair's first frame on screen and the vote. */
    latency: v.pipe(v.number(), v.finite(), v.minValue(0)),
    /** Share of the clip's frames that were on screen before the vote. */
    watched: Share,
    /** How often the clip came to its end before the vote. */
    replays: Count,
    input: v.picklist(['key', 'mouse', 'touch', 'automatic']),
    automatic: v.boolean(),
    appVersion: v.string(),
    modelHash: v.string(),
    /** Training steps behind the weights that made the pair. */
    generatorStep: Count,
  }),
  v.check(
    ({ choice, sides, chosen }) =>
      choice === 'left' || choice === 'right' ? chosen === sides[choice] : chosen === null,
    'the chosen clip is not the one on the chosen side',
  ),
);
export type VoteAdded = v.InferOutput<typeof VoteAdded>;

/** Undo. The vote stays in the log; from here on it does not count. */
export const VoteRemoved = v.object({
  kind: v.literal('vote.removed'),
  id: VoteId,
  removes: VoteId,
  time: Time,
});
export type VoteRemoved = v.InferOutput<typeof VoteRemoved>;

/** The label log is append-only: an undo is another event. */
export const VoteEvent = v.variant('kind', [VoteAdded, VoteRemoved]);
export type VoteEvent = v.InferOutput<typeof VoteEvent>;

/** The votes that count: added and not removed, in the order of the log. */
export function standingVotes(events: readonly VoteEvent[]): VoteAdded[] {
  const removed = new Set(events.map((event) => (event.kind === 'vote.removed' ? event.removes : null)));
  return events.filter((event): event is VoteAdded => event.kind === 'vote.added' && !removed.has(event.id));
}

export const TrainingStage = v.picklist(['generator', 'physical-head']);
export type TrainingStage = v.InferOutput<typeof TrainingStage>;

export const TrainingSettings = v.object({
  stage: TrainingStage,
  learningRate: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
  /** Of the preference loss, under a mean over the latent's elements. */
  beta: v.pipe(v.number(), v.gtValue(0), v.finite()),
  pairsPerStep: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16)),
  /** Draws of (t, noise) for each pair in one step. */
  drawsPerPair: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16)),
});
export type TrainingSettings = v.InferOutput<typeof TrainingSettings>;

/**
 * One training step, under TRL's names. Errors are mean squared velocity errors over the latent's elements.
 * At policy = reference the loss is ln 2 and the rewards are 0. A NaN cannot be stored: it is an alarm.
 */
export const TrainingStep = v.object({
  step: Count,
  stage: TrainingStage,
  loss: Finite,
  'rewards/chosen': Finite,
  'rewards/rejected': Finite,
  'rewards/accuracies': Share,
  'rewards/margins': Finite,
  errors: v.object({
    policyChosen: Finite,
    policyRejected: Finite,
    referenceChosen: Finite,
    referenceRejected: Finite,
  }),
  gradientNorm: Finite,
  learningRate: Finite,
  beta: Finite,
  /** The votes whose pairs this step learned from. */
  voteIds: v.array(VoteId),
  /** Wall-clock milliseconds of this step; warmUp: they include compiling and capturing. */
  milliseconds: Finite,
  warmUp: v.boolean(),
  /** Bytes that the engine holds on the GPU, if known. */
  memoryBytes: v.optional(Count),
});
export type TrainingStep = v.InferOutput<typeof TrainingStep>;

/** Trained weights and optimiser state, enough to go on exactly from here. */
export const SnapshotRecord = v.pipe(
  v.object({
    id: SnapshotId,
    /** Set by the page, which keeps the runs; the worker leaves it null. */
    runId: v.nullable(RunId),
    time: Time,
    step: Count,
    stage: TrainingStage,
    /** Asked for by the visitor, or made by the trainer on its own. */
    reason: v.picklist(['visitor', 'automatic']),
    modelHash: v.string(),
    bytes: Count,
    /** safetensors: trained tensors under their own names, optimiser state under `optimizer.`. */
    weights: Bytes,
  }),
  v.check(({ bytes, weights }) => bytes === weights.length, 'the snapshot has another size than it says'),
);
export type SnapshotRecord = v.InferOutput<typeof SnapshotRecord>;

/** A run: training steps that follow each other from one starting point. */
export const RunRecord = v.object({
  id: RunId,
  time: Time,
  modelHash: v.string(),
  adapter: v.string(),
  appVersion: v.string(),
  /** As last set; every step says what it was taken with. */
  settings: TrainingSettings,
  /** The snapshot that it set out from, and whose run that was; null: the pretrained weights. */
  from: v.nullable(v.object({ snapshotId: SnapshotId, runId: v.nullable(RunId), step: Count })),
});
export type RunRecord = v.InferOutput<typeof RunRecord>;

/** A training step as stored: which run it belongs to. */
export const StepRecord = v.object({ runId: RunId, step: Count, values: TrainingStep });
export type StepRecord = v.InferOutput<typeof StepRecord>;

/** A clip against the ground truth (src/metrics); null where no frame could be measured. */
export const ClipMetrics = v.object({
  l2: v.nullable(Finite),
  strictL2: v.nullable(Finite),
  chamfer: v.nullable(Finite),
  strictChamfer: v.nullable(Finite),
  iou: v.nullable(Finite),
  survival: v.nullable(Finite),
});
export type ClipMetrics = v.InferOutput<typeof ClipMetrics>;
