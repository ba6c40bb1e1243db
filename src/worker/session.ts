/**
 * The session: what the page asks of the worker, carried out one piece at a time on one GPU.
 *
 * It owns the world, the model's file and host, the votes that count, and the lane on which work runs; the
 * work itself lives in learning and model. Pairs come before evaluations, and both before training, which
 * says that it waits. Nothing is stored here: pairs and snapshots go out as records, votes come in once they
 * are stored. A lost device is made anew from what lies on the CPU, and the piece of work that it broke is
 * redone; work that fails without one is refused under the name of the request that asked for it.
 */
import { openComputeDevice } from '../engine/compute-device.ts';
import type { ComputeDevice, EngineWish } from '../engine/compute-device.ts';
import { PreferenceSet } from '../learning/preference-set.ts';
import type { PageRequest, RequestOf, WorkerEvent } from '../protocol/messages.ts';
import type { PairId, VoteAdded } from '../protocol/records.ts';
import { tuningMemory } from '../storage/tuning-memory.ts';
import { createWorld } from '../world/world.ts';
import type { World } from '../world/world.ts';
import { AutomaticWork } from './automatic-work.ts';
import { EvaluationWork, isHeldOut } from './evaluation-work.ts';
import { KernelTuning } from './kernel-tuning.ts';
import { Lane } from './lane.ts';
import type { Job, Work } from './lane.ts';
import { ModelHost } from './model-host.ts';
import { makePair, RefusedError } from './pair-maker.ts';
import type { MadePair } from './pair-maker.ts';
import { modelCard } from './model-card.ts';
import { profile } from './profiling.ts';
import { retried } from './retried.ts';
import { failureOf } from './session-failure.ts';
import { openSession } from './session-start.ts';
import { TrainingControl } from './training-control.ts';
import { TrainingWork } from './training-work.ts';
import type { Workbench } from './workbench.ts';
import { answerWith, type WorldRequest } from './world-tour.ts';

/** Thrown inside a pair's work when the page no longer wants it. */
class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

/** What is there once the weights are. */
interface Opened {
  readonly bench: Workbench;
  readonly training: TrainingWork;
  readonly evaluation: EvaluationWork;
  readonly automatic: AutomaticWork;
  readonly tuning: KernelTuning;
}

/** Of jobs on the lane: lower comes first. Training and automatic pairs fill the time between them. */
const urgencies = { state: 0, pair: 1, evaluation: 2 } as const;
/** Lost devices in a row after which the session gives up. */
const mostRecoveries = 3;
/** Milliseconds between tries to get a device back, about ten seconds in all: a driver restarts in a few. */
const recoveryPauses = [250, 500, 1000, 2000, 3000, 3500];

export class Session {
  private readonly emit: (event: WorkerEvent) => void;
  private readonly makeDevice: (wish: EngineWish) => Promise<ComputeDevice>;
  private readonly control: TrainingControl;
  private readonly lane: Lane;
  private world: Promise<World> | null = null;
  private opened: Opened | null = null;
  private readonly cancelled = new Set<PairId>();
  private recoveries = 0;
  /** Errors of the GPU that were told. */
  private readonly faults = new Set<string>();
  private stopped = false;
  /** True when training had the last turn: an automatic pair may come before the next step. */
  private trainedLast = false;

  constructor(emit: (event: WorkerEvent) => void, makeDevice = openComputeDevice) {
    this.emit = emit;
    this.makeDevice = makeDevice;
    this.control = new TrainingControl(emit);
    this.lane = new Lane({
      background: () => this.background(),
      guard: (work) => this.guard(work),
      turned: (work) => this.turned(work),
    });
  }

  /** Carries out a request; the answer comes as events. An ended session sends none. Never throws. */
  handle(request: PageRequest): void {
    if (this.stopped) return;
    try {
      this.dispatch(request);
    } catch (error) {
      this.refuse(request.kind, error);
    }
  }

  private dispatch(request: PageRequest): void {
    switch (request.kind) {
      case 'session.start':
        void this.open(request);
        return;
      case 'session.stop':
        this.close();
        return;
      case 'scene.list':
      case 'world.list':
      case 'world.show':
        this.tour(request);
        return;
      case 'pair.cancel':
        this.cancelled.add(request.pairId);
        return;
      default:
        this.carryOut(request, this.opened);
    }
  }

  private carryOut(request: PageRequest, opened: Opened | null): void {
    if (opened === null) throw new RefusedError('The model is not loaded yet.');
    const { training, evaluation, automatic } = opened;
    switch (request.kind) {
      case 'pair.request':
        this.emit({ kind: 'pair.progress', pairId: request.pairId, phase: 'queued', step: 0, steps: 1 });
        this.lane.add(this.pairJob(opened.bench, request));
        return;
      case 'vote.add':
        this.addVote(opened.bench, request.vote);
        return;
      case 'vote.remove':
        this.setPreferences(opened.bench, opened.bench.preferences.remove(request.voteId));
        return;
      case 'training.start':
        this.control.start();
        break;
      case 'training.take':
        this.control.take(request.steps);
        break;
      case 'training.pause':
        this.control.pause('visitor');
        this.change(request, () => training.snapshot('automatic'));
        return;
      case 'training.configure':
        this.change(request, () => training.configure(request.settings));
        return;
      case 'snapshot.take':
        // A visitor's click waits for no pair and no evaluation, unless the device is lost under it.
        training.snapshot('visitor').catch(() => this.change(request, () => training.snapshot('visitor')));
        return;
      case 'snapshot.restore':
        this.change(request, () => training.restore(request.snapshot));
        return;
      case 'evaluation.request':
        this.lane.add({
          name: 'evaluating', urgency: urgencies.evaluation,
          run: async () => training.raise('evaluation', await evaluation.run(request.scenes)),
          failed: (error) => this.refuse(request.kind, error),
        });
        return;
      case 'profile.request':
        this.lane.add({
          name: 'profiling', urgency: urgencies.evaluation, run: () => profile(opened.bench),
          failed: (error) => this.refuse(request.kind, error),
        });
        return;
      case 'automatic.start':
        automatic.start(request.families, request.firstSeed, request.votes ?? Infinity);
        break;
      case 'automatic.stop':
        automatic.stop();
        break;
    }
    this.lane.wake();
  }

  /** Changes or reads the trained state between two pieces of work. */
  private change({ kind }: PageRequest, work: () => Promise<void>): void {
    this.lane.add({
      name: 'state', urgency: urgencies.state, run: work,
      failed: (error) => this.refuse(kind, error),
    });
  }

  private async open(request: RequestOf<'session.start'>): Promise<void> {
    try {
      if (this.opened !== null) throw new RefusedError('The session has been started already.');
      this.world ??= createWorld();
      const { bench, snapshotId, size } = await openSession(request, this.world, this.makeDevice, this.emit);
      const training = new TrainingWork(bench, this.control, request.restored.settings);
      const automatic = new AutomaticWork(bench, (made) => this.publish(bench, made));
      const evaluation = new EvaluationWork(bench, async () => {
        await this.lane.letPass(urgencies.pair);
        this.turned('evaluating');
      });
      const tuning = new KernelTuning(bench, tuningMemory(), request.autotune);
      await tuning.recall();
      this.opened = { bench, training, evaluation, automatic, tuning };
      const { adapter, engine, model, trainer } = bench.host;
      this.emit({
        kind: 'session.ready', adapter, software: engine.adapterInfo.software, noGpu: engine.noGpu,
        modelHash: model.file.hash, card: modelCard(model.file, size), training: training.current, snapshotId,
        step: trainer.progress.step,
      });
      this.setPreferences(bench, bench.preferences);
      this.watch(bench.host);
    } catch (error) {
      if (error instanceof RefusedError) this.refuse(request.kind, error);
      else this.emit(failureOf(error));
    }
  }

  private close(): void {
    this.stopped = true;
    this.lane.close();
    this.opened?.bench.host.dispose();
    this.opened = null;
  }

  /** Shows the world, which needs no model; other messages are read between two scenes. */
  private tour(request: WorldRequest): void {
    this.world ??= createWorld();
    void this.world.then((world) => answerWith(world, request)).then(this.emit)
      .catch((error: unknown) => this.refuse(request.kind, error));
  }

  private pairJob(bench: Workbench, request: RequestOf<'pair.request'>): Job {
    const { pairId } = request;
    return {
      name: 'generating', urgency: urgencies.pair,
      run: async () => {
        await this.pair(bench, request).catch((error: unknown) => {
          if (!(error instanceof CancelledError)) throw error;
        });
        this.cancelled.delete(pairId);
      },
      failed: (error) => {
        if (this.cancelled.delete(pairId)) return;
        this.emit({ kind: 'pair.failed', pairId, sentence: sentenceOf(error) });
      },
    };
  }

  /** Makes a pair and sends it out. Rejects with CancelledError, RefusedError, or what broke it. */
  private async pair(bench: Workbench, request: RequestOf<'pair.request'>): Promise<void> {
    const { pairId, source, seeds, sampler } = request;
    const { host, world, familiarity } = bench;
    const order = { pairId, source, seeds, sampler, automatic: false, step: host.trainer.progress.step };
    const made = await makePair(order, world, host.policy, familiarity, (phase, step, steps) => {
      if (this.cancelled.has(pairId)) throw new CancelledError('The pair was cancelled.');
      this.emit({ kind: 'pair.progress', pairId, phase, step, steps });
    });
    this.publish(bench, made);
  }

  private publish(bench: Workbench, { ready, record, encoding }: MadePair): void {
    bench.archive.add(record, encoding);
    this.emit(ready);
    this.emit({ kind: 'pair.record', record });
  }

  private addVote(bench: Workbench, vote: VoteAdded): void {
    const record = bench.archive.get(vote.pairId);
    if (record === undefined) throw new RefusedError('The vote is about a pair that is not known here.');
    if (record.source.kind === 'scene' && isHeldOut(record.source)) {
      throw new RefusedError('The scene is held out for evaluation: the vote is kept, but never trained on.');
    }
    const { id, pairId, chosen } = vote;
    this.setPreferences(bench, bench.preferences.add({ id, pairId, chosen }));
  }

  private setPreferences(bench: Workbench, preferences: PreferenceSet): void {
    const { hash } = bench.host.model.file;
    bench.preferences = preferences.filter((pairId) => bench.archive.usable(pairId, hash));
    this.control.setUsable(bench.preferences.preferences.length);
    this.lane.wake();
  }

  /** Training steps and automatic pairs, in turn where both are wanted; then the tuning of kernels. */
  private background(): Work | null {
    if (this.opened === null) return null;
    const { training, automatic, tuning } = this.opened;
    const dueIn = automatic.dueIn;
    if (dueIn === 0 && (this.trainedLast || !this.control.due)) {
      this.trainedLast = false;
      return {
        name: 'automatic', run: () => automatic.pair(),
        failed: (error) => {
          automatic.stop();
          this.refuse('automatic.start', error);
        },
      };
    }
    if (this.control.due) {
      this.trainedLast = true;
      return {
        name: 'training', run: () => training.step(),
        failed: (error) => {
          this.control.pause('alarm');
          this.refuse('training.start', error);
        },
      };
    }
    if (tuning.due) {
      return {
        name: 'tuning', run: () => tuning.next(),
        // Kernels that cannot be measured go on as they are.
        failed: () => tuning.stop(),
      };
    }
    if (dueIn !== null) setTimeout(() => this.lane.wake(), dueIn);
    return null;
  }

  private turned(work: string | null): void {
    this.control.setBusy(work === 'generating' || work === 'evaluating' ? work : null);
  }

  /** Runs a piece of work; when the device is lost under it, makes a new device and runs it again. */
  private async guard(work: Work): Promise<void> {
    for (;;) {
      const host = this.opened?.bench.host;
      const step = host?.trainer.progress.step;
      try {
        await work.run();
        this.recoveries = 0;
        return;
      } catch (error) {
        const lost = host !== undefined && await host.lossTold();
        if (this.stopped) return;
        if (!lost) {
          work.failed(error);
          return;
        }
        const redone = work.name === 'training' && host.trainer.progress.step === step ? 1 : 0;
        // Work that passed in between may have made the new device already.
        const fresh = this.opened?.bench.host !== host;
        if (!fresh && !(await this.recover(host, redone))) return;
      }
    }
  }

  /** Notices a loss while nothing runs, and errors that no work waits for. */
  private watch(host: ModelHost): void {
    void host.engine.lost.then(() => {
      if (this.stopped || this.opened?.bench.host !== host) return;
      this.lane.add({
        name: 'recovering', urgency: urgencies.state,
        run: async () => {
          if (this.opened?.bench.host === host) await this.recover(host, 0);
        },
        failed: (error) => this.emit(failureOf(error)),
      });
    });
    host.engine.errors.forEach((message) => void this.fault(host, message));
    host.engine.onError((message) => void this.fault(host, message));
  }

  private async fault(host: ModelHost, message: string): Promise<void> {
    // What a lost device still complains of is no news.
    if (await host.lossTold() || this.stopped) return;
    this.control.pause('alarm');
    if (this.faults.has(message)) return;
    this.faults.add(message);
    this.emit({
      kind: 'device.faulted',
      sentence: `The GPU reported an error; what it computes may be wrong, so training is paused. ${message}`,
    });
  }

  private async recover(host: ModelHost, stepsRedone: number): Promise<boolean> {
    const bench = this.opened?.bench;
    if (bench === undefined) return false;
    this.control.setBusy('device-lost');
    this.emit({ kind: 'device.lost', sentence: 'The browser lost the GPU; the model is put back on it.' });
    this.recoveries += 1;
    try {
      if (this.recoveries > mostRecoveries) throw new Error('The GPU was lost again and again.');
      // A GPU that is gone for a moment is waited for: what would stand in for it takes over only at the next visit.
      const wish = host.engine.adapterInfo.software ? 'webgpu' : 'gpu';
      const create = () => ModelHost.create(() => this.makeDevice(wish), host.model.file, host.trainer.standing);
      const fresh = await retried(create, recoveryPauses, () => !this.stopped);
      if (this.stopped) {
        fresh.dispose();
        return false;
      }
      bench.host = fresh;
      await this.opened?.tuning.recall();
    } catch (error) {
      if (this.stopped) return false;
      this.emit({ ...failureOf(error), code: 'device-lost' });
      this.close();
      return false;
    }
    this.control.cool();
    this.control.setBusy(null);
    this.watch(bench.host);
    this.emit({ kind: 'device.recovered', stepsRedone });
    return true;
  }

  private refuse(request: string, error: unknown): void {
    this.emit({ kind: 'request.refused', request, sentence: sentenceOf(error) });
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
