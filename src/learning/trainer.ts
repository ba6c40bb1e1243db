/**
 * The trainer: draws pairs, flow times and noise, runs the captured step, and reports it.
 *
 * It owns where training stands (counters and seed). What a step computes is in training-step.ts; which votes there
 * are is the preference set's business; when to step is the session's. Every draw is a pure function of the seed and a
 * counter, so a resumed run takes the same steps as an uninterrupted one. A step whose figures are not numbers is taken
 * back, and its draws are passed over.
 *
 * The trained state lies on the CPU as it was some steps ago, with the inputs of the steps since: reading it takes a
 * fast GPU as long as a step. What is lost with the device, or spoiled by a step, is made again from these.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { capture } from '../engine/capture.ts';
import type { Capture } from '../engine/capture.ts';
import { readTogether } from '../engine/read-together.ts';
import { adamw, adamwDefaults, adamwSettings, clipFactor } from '../kernels/optimizer/kernel.ts';
import { normalKey } from '../kernels/random/kernel.ts';
import { domainIds } from '../model/config.ts';
import { joined } from '../model/generator.ts';
import type { Encoding } from '../model/generator.ts';
import { timeFeatures } from '../model/video-transformer.ts';
import { drawTime } from './flow-times.ts';
import { PhysicsCache } from './physics-cache.ts';
import type { PolicyState, StateValues } from './policy-state.ts';
import { meanErrors, pairErrors, preferenceMetrics } from './preference-loss.ts';
import type { PairErrors } from './preference-loss.ts';
import type { Preference, PreferenceSet } from './preference-set.ts';
import type { Progress, Snapshot } from './snapshots.ts';
import { batchesOf, batchGradients, batchShapes } from './training-step.ts';
import type { BatchInputs, Objective, StepPlan } from './training-step.ts';

export interface TrainerSettings {
  readonly objective: Objective;
  readonly learningRate: number;
  /** Strength of the tie to the reference, under a mean over the latent's elements. */
  readonly beta: number;
  readonly pairsPerStep: number;
  readonly drawsPerPair: number;
  /** Updates over which the learning rate rises to its value. */
  readonly warmUp: number;
  /** Largest global norm of the gradients. */
  readonly clipNorm: number;
  readonly weightDecay: number;
  readonly sharedNoise: boolean;
}

export const defaultTrainerSettings: TrainerSettings = {
  objective: 'preference', learningRate: 2e-4, beta: 500, pairsPerStep: 1, drawsPerPair: 1, warmUp: 5,
  clipNorm: 1, weightDecay: 0, sharedNoise: true,
};

/** A pair as the step needs it: generated latents of both clips and what they follow. */
export interface LearnablePair {
  readonly encoding: Encoding;
  readonly chosen: Float32Array;
  readonly rejected: Float32Array;
}

/** A preference and what it is about. */
export interface Drawn {
  readonly preference: Preference;
  readonly pair: LearnablePair;
}

/** Figures of one step; errors and rewards are averaged over its draws. */
export interface StepReport {
  readonly step: number;
  readonly loss: number;
  readonly rewardsChosen: number;
  readonly rewardsRejected: number;
  readonly accuracy: number;
  readonly margin: number;
  readonly errors: PairErrors<number>;
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly beta: number;
  readonly voteIds: readonly string[];
  readonly milliseconds: number;
  /** The step includes compiling and capturing. */
  readonly warmUp: boolean;
  /** False when a figure was not a number and the step was taken back. */
  readonly kept: boolean;
}

/** Values of one batch's inputs, in the order of batchShapes. */
type InputValues = (Float32Array | Int32Array)[];

/** All that a step depends on besides the state. */
interface StepInputs {
  readonly plan: StepPlan;
  /** Of every batch. */
  readonly values: readonly InputValues[];
  readonly halfBeta: Float32Array;
  /** Settings vector of AdamW. */
  readonly optimizer: Float32Array;
  readonly clipNorm: number;
}

/** Where training stands as far as the CPU knows it: enough to go on from on another device. */
export interface Standing {
  readonly progress: Progress;
  /** Values before the steps of `since`. */
  readonly values: StateValues;
  readonly since: readonly StepInputs[];
}

/**
 * Milliseconds of steps after which the state is read back: so often that reading takes a small share of the time, and
 * after every step where steps are slow.
 */
const readAfter = 200;

/** Draws for different ends come from different generators, so that none depends on another. */
function seedFor(seed: number, end: 'pairs' | 'times' | 'noise'): number {
  return 3 * seed + { pairs: 0, times: 1, noise: 2 }[end];
}

/** A captured step and its inputs. */
interface Program {
  readonly batches: readonly BatchInputs[];
  readonly halfBeta: Tensor;
  /** Settings vector of AdamW. */
  readonly optimizer: Tensor;
  readonly captured: Capture<Tensor[]>;
}

export class Trainer {
  readonly state: PolicyState;
  private current: Progress;
  /** Values before the steps of `since`, which took `sinceMilliseconds`. */
  private lastValues: StateValues;
  private since: StepInputs[] = [];
  private sinceMilliseconds = 0;
  private readonly readAfter: number;
  private readonly programs = new Map<string, Program>();
  private readonly physics: PhysicsCache;
  private turn: Promise<unknown> = Promise.resolve();

  /**
   * @param values those that the state's variables hold now
   * @param readAfterMilliseconds of steps, after which the state is read back
   */
  constructor(state: PolicyState, progress: Progress, values: StateValues, readAfterMilliseconds = readAfter) {
    this.state = state;
    this.physics = new PhysicsCache(state.model, state.policy.weights);
    this.current = progress;
    this.lastValues = values;
    this.readAfter = readAfterMilliseconds;
  }

  get progress(): Progress {
    return this.current;
  }

  /** The values after the last step that was kept, and where training stands. Waits for a step that is under way. */
  snapshot(): Promise<Snapshot> {
    return this.inTurn(async () => {
      if (this.since.length > 0) this.hold(await this.readState([]));
      return { progress: this.current, modelHash: this.state.model.file.hash, values: this.lastValues };
    });
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.turn.then(work);
    // What fails must not block the next.
    this.turn = result.catch(() => undefined);
    return result;
  }

  /** Goes on from another point; waits for a step that is under way. */
  restore({ progress, values }: Snapshot): Promise<void> {
    return this.inTurn(async () => this.takeOver({ progress, values, since: [] }));
  }

  get standing(): Standing {
    return { progress: this.current, values: this.lastValues, since: this.since };
  }

  /** Goes on from where another trainer of this model stood, whose device may be gone. Not during a step. */
  takeOver({ progress, values, since }: Standing): void {
    this.state.restore(values);
    this.physics.forget();
    this.current = progress;
    this.hold(values);
    since.forEach((inputs) => this.run(inputs));
    this.since = [...since];
  }

  /** These are the state's values now. */
  private hold(values: StateValues): void {
    this.lastValues = values;
    this.since = [];
    this.sinceMilliseconds = 0;
  }

  /** Values of the whole state after the steps since it was read and `more`, which have been issued. */
  private async readState(more: readonly StepInputs[]): Promise<StateValues> {
    const stages = new Set([...this.since, ...more].map(({ plan }) => plan.stage));
    return new Map([...this.lastValues, ...await this.state.values(stages)]);
  }

  /** Trains another part of the model from the next step on. */
  changeStage(stage: Progress['stage']): void {
    this.current = { ...this.current, stage };
  }

  /** The pairs that the next step learns from. */
  nextPreferences(preferences: PreferenceSet, settings: TrainerSettings): Preference[] {
    return preferences.draw(seedFor(this.current.seed, 'pairs'), this.current.pairs, settings.pairsPerStep);
  }

  /**
   * Takes one step on the pairs of `nextPreferences`, in that order.
   * Rejects when the device is lost; the step then counts as not taken.
   */
  step(drawn: readonly Drawn[], settings: TrainerSettings): Promise<StepReport> {
    return this.inTurn(() => this.takeStep(drawn, settings));
  }

  private async takeStep(drawn: readonly Drawn[], settings: TrainerSettings): Promise<StepReport> {
    const started = performance.now();
    const { stage } = this.current;
    const plan: StepPlan = {
      stage, objective: settings.objective, draws: drawn.length * settings.drawsPerPair,
      sharedNoise: settings.sharedNoise,
    };
    const update = this.current.updates[stage] + 1;
    const learningRate = settings.learningRate * Math.min(1, update / Math.max(1, settings.warmUp));
    const values = await this.inputValues(plan, drawn.map(({ pair }) => pair), settings);
    const optimizer = adamwSettings(
      { ...adamwDefaults, learningRate, weightDecay: settings.weightDecay }, update);
    const inputs: StepInputs = {
      plan, values, halfBeta: Float32Array.of(settings.beta / 2), optimizer, clipNorm: settings.clipNorm,
    };
    const { program, fresh } = this.run(inputs);
    const [norm, ...errors] = await readTogether(program.captured.outputs);
    const pairs = batchesOf(plan.draws).flatMap((count, b) => pairErrors(errors[2 * b], errors[2 * b + 1], count));
    const metrics = preferenceMetrics(pairs, settings.beta);
    const mean = meanErrors(pairs);
    const loss = settings.objective === 'supervised' ? mean.policyChosen : metrics.loss;
    // Finite gradients leave finite values, so that a million of them need not be looked at.
    const kept = [loss, norm[0]].every(Number.isFinite);
    if (kept) {
      await this.keep(inputs, performance.now() - started);
    } else {
      this.takeOver(this.standing);
    }
    // Whatever became of them: the same draws again would be refused again.
    const { draws, pairs: pairsDrawn } = this.current;
    this.current = { ...this.current, draws: draws + plan.draws, pairs: pairsDrawn + drawn.length };
    return {
      ...metrics, loss, step: this.current.step + (kept ? 0 : 1), errors: mean, gradientNorm: norm[0],
      learningRate, beta: settings.beta, voteIds: drawn.map(({ preference }) => preference.voteId),
      milliseconds: performance.now() - started, warmUp: fresh, kept,
    };
  }

  /** Counts a step that has been issued. Rejects when the device is lost; it is not counted then. */
  private async keep(inputs: StepInputs, milliseconds: number): Promise<void> {
    this.sinceMilliseconds += milliseconds;
    if (this.sinceMilliseconds >= this.readAfter) this.hold(await this.readState([inputs]));
    else this.since.push(inputs);
    const { updates, step } = this.current;
    const { stage } = inputs.plan;
    this.current = { ...this.current, step: step + 1, updates: { ...updates, [stage]: updates[stage] + 1 } };
  }

  /** Values of the inputs of every batch, in the order of batchShapes. */
  private async inputValues(
    plan: StepPlan, pairs: readonly LearnablePair[], settings: TrainerSettings,
  ): Promise<InputValues[]> {
    const { config } = this.state.model;
    const { seed } = this.current;
    const encodings = pairs.map(({ encoding }) => encoding);
    const tokens = plan.stage === 'generator' ? await this.physics.tokens(encodings) : undefined;
    let next = 0;
    return batchesOf(plan.draws).map((count) => {
      const first = next;
      next += count;
      const draws = Array.from({ length: count }, (_, i) => first + i);
      // What a draw gives to each of its clips, the chosen ones first.
      const ofClips = <Value>(of: (draw: number, clip: 'chosen' | 'rejected') => Value): Value[] => {
        const chosen = draws.map((draw) => of(draw, 'chosen'));
        return plan.objective === 'supervised' ? chosen : [...chosen, ...draws.map((draw) => of(draw, 'rejected'))];
      };
      const pairOf = (draw: number) => Math.floor(draw / settings.drawsPerPair);
      const times = ofClips((draw) => drawTime(seedFor(seed, 'times'), this.current.draws + draw));
      return [
        joined(ofClips((draw, clip) => pairs[pairOf(draw)][clip])),
        joined(ofClips((draw) => encodings[pairOf(draw)].latent)),
        tokens === undefined
          ? levelByLevel(draws.map((draw) => encodings[pairOf(draw)].features), config.backbone.blocks)
          : joined(ofClips((draw) => tokens[pairOf(draw)])),
        timeFeatures(times, config.transformer.timeWidth), Float32Array.from(times),
        normalKey(seedFor(seed, 'noise'), this.current.draws + first),
        Int32Array.from(ofClips((draw) => domainIds[encodings[pairOf(draw)].domain])),
      ];
    });
  }

  /** Runs the captured step for a plan; the first run records it. */
  private run({ plan, values, halfBeta, optimizer, clipNorm }: StepInputs): { program: Program; fresh: boolean } {
    if (plan.stage === 'physical-head') this.physics.forget();
    const key = JSON.stringify({ ...plan, clipNorm });
    const known = this.programs.get(key);
    if (known !== undefined) {
      const { captured, batches } = known;
      batches.forEach((batch, b) =>
        inputsOf(batch).forEach((tensor, i) => captured.write(tensor, values[b][i])));
      captured.write(known.halfBeta, halfBeta);
      captured.write(known.optimizer, optimizer);
      captured.replay();
      return { program: known, fresh: false };
    }
    const sizes = batchesOf(plan.draws);
    const batches = sizes.map((count, b): BatchInputs => {
      const shapes = batchShapes(this.state, plan, count);
      const [latents, imageLatents, physical, times, flowTimes, noiseKey, domains] = values[b].map((array, i) =>
        tf.tensor(array, shapes[i], array instanceof Int32Array ? 'int32' : 'float32'));
      return { latents, imageLatents, physical, timeFeatures: times, times: flowTimes, noiseKey, domains };
    });
    const beta = tf.tensor1d(halfBeta);
    const hyper = tf.tensor1d(optimizer);
    const captured = capture(`training-step ${key}`, [...batches.flatMap(inputsOf), beta, hyper], () => {
      const parts = batches.map((batch, b) => batchGradients(this.state, plan, batch, sizes[b], beta));
      const shares = sizes.map((count) => count / plan.draws);
      const gradients = weightedSum(parts.map((part) => part.gradients), shares);
      const { factor, norm } = clipFactor(gradients, clipNorm);
      adamw({
        parameters: this.state.trainables[plan.stage].map(({ value }) => value), ...this.state.moments[plan.stage],
        gradients, settings: hyper, gradientScale: factor,
      });
      return [norm, ...parts.flatMap(({ policy, reference }) => [policy, reference])];
    });
    const program: Program = { batches, halfBeta: beta, optimizer: hyper, captured };
    this.programs.set(key, program);
    return { program, fresh: true };
  }

  /** The steps that are captured, for measurements; a replay takes the step once more. */
  get captures(): Capture<Tensor[]>[] {
    return [...this.programs.values()].map(({ captured }) => captured);
  }

  /** Frees the captured steps and their inputs; the state stays with its owner. */
  dispose(): void {
    for (const { captured, batches, halfBeta, optimizer } of this.programs.values()) {
      captured.dispose();
      tf.dispose([...batches.flatMap(inputsOf), halfBeta, optimizer]);
    }
    this.programs.clear();
  }
}

/** The inputs of a batch in the order of batchShapes. */
function inputsOf(batch: BatchInputs): Tensor[] {
  return [batch.latents, batch.imageLatents, batch.physical, batch.timeFeatures, batch.times, batch.noiseKey,
    batch.domains];
}

/** The features of images [levels, L, C] as [levels * images, L, C]. */
function levelByLevel(features: readonly Float32Array[], levels: number): Float32Array {
  return joined(Array.from({ length: levels }, (_, level) => features.map((all) => {
    const size = all.length / levels;
    return all.subarray(level * size, (level + 1) * size);
  })).flat());
}

/** Sum over batches of gradients times the batch's share of the draws. */
function weightedSum(batches: readonly Tensor[][], shares: readonly number[]): Tensor[] {
  if (batches.length === 1) return batches[0];
  return batches[0].map((first, i) => tf.tidy(() => batches.slice(1).reduce<Tensor>(
    (sum, gradients, b) => tf.add(sum, tf.mul(gradients[i], shares[b + 1])), tf.mul(first, shares[0]))));
}
