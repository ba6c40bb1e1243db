/**
 * The session: what the page asks of the worker, carried out one piece at a time on one GPU.
 *
 * It owns the world, the model's file and host, the votes that count, and the lane on which work runs; the
 * work itself lives in learning and model. Pairs come before evaluations, and both before training, which
 * says that it waits. Nothing is stored here: pairs and snapshots go out as records, votes come in once they
 * are stored. A lost device is made anew from what lies on the CPU, and the piece of work that it broke is
 * redone.
 */
import { PreferenceSet } from '../learning/preference-set.ts';
import { firstFrame } from '../learning/scene-truth.ts';
import { SnapshotError } from '../learning/snapshots.ts';
import type { PageRequest, RequestOf, WorkerEvent } from '../protocol/messages.ts';
import type { PairId, SceneSource, VoteAdded } from '../protocol/records.ts';
import { createWorld } from '../world/world.ts';
import type { World } from '../world/world.ts';
import { AutomaticWork } from './automatic-work.ts';
import { EvaluationWork, isHeldOut } from './evaluation-work.ts';
import { Lane } from './lane.ts';
import { ModelHost } from './model-host.ts';
import { familyNamed, makePair, RefusedError } from './pair-maker.ts';
import type { MadePair } from './pair-maker.ts';
import { modelCard } from './model-card.ts';
import { failureOf } from './session-failure.ts';
import { openSession } from './session-start.ts';
import { TrainingControl } from './training-control.ts';
import { TrainingWork } from './training-work.ts';
import type { Workbench } from './workbench.ts';
import { worldListed, worldShown } from './world-tour.ts';

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
}

/** Of jobs on the lane: lower comes first. Training and automatic pairs fill the time between them. */
const urgencies = { state: 0, pair: 1, evaluation: 2 } as const;
/** Lost devices in a row after which the session gives up. */
const mostRecoveries = 3;
/** Milliseconds by which the browser tells of a lost device after its work has failed. */
const lossTold = 500;

export class Session {
  private readonly emit: (event: WorkerEvent) => void;
  private readonly control: TrainingControl;
  private readonly lane: Lane;
  private world: Promise<World> | null = null;
  private opened: Opened | null = null;
  private readonly cancelled = new Set<PairId>();
  private recoveries = 0;
  private stopped = false;
  /** True when training had the last turn: an automatic pair may come before the next step. */
  private trainedLast = false;

  constructor(emit: (event: WorkerEvent) => void) {
    this.emit = emit;
    this.control = new TrainingControl(emit);
    this.lane = new Lane({
      background: () => this.background(),
      guard: (work) => this.guard(work),
      turned: (job) => this.turned(job),
    });
  }

  /** Carries out a request; the answer comes as events. Never throws. */
  handle(request: PageRequest): void {
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
        void this.listScenes(request).catch((error: unknown) => this.refuse(request.kind, error));
        return;
      case 'world.list':
        this.emit(worldListed());
        return;
      case 'world.show':
        void this.showWorld(request).catch((error: unknown) => this.refuse(request.kind, error));
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
        this.lane.add({ name: 'generating', urgency: urgencies.pair, run: () => this.pair(opened, request) });
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
        this.save(training, 'automatic');
        return;
      case 'training.configure':
        training.configure(request.settings);
        return;
      case 'snapshot.take':
        this.save(training, 'visitor');
        return;
      case 'snapshot.restore':
        this.lane.add({
          name: 'restoring', urgency: urgencies.state,
          run: async () => this.refusing(request.kind, () => training.restore(request.snapshot)),
        });
        return;
      case 'evaluation.request':
        this.lane.add({
          name: 'evaluating', urgency: urgencies.evaluation,
          run: async () => training.raise('evaluation', await evaluation.run(request.scenes)),
        });
        return;
      case 'automatic.start':
        automatic.start(request.family, request.firstSeed, request.votes ?? Infinity);
        break;
      case 'automatic.stop':
        automatic.stop();
        break;
    }
    this.lane.wake();
  }

  private save(training: TrainingWork, reason: 'visitor' | 'automatic'): void {
    this.lane.add({ name: 'snapshot', urgency: urgencies.state, run: async () => training.snapshot(reason) });
  }

  private async open(request: RequestOf<'session.start'>): Promise<void> {
    try {
      if (this.opened !== null) throw new RefusedError('The session has been started already.');
      this.world ??= createWorld();
      const bench = await openSession(request, this.world, this.emit);
      const training = new TrainingWork(bench, this.control);
      const automatic = new AutomaticWork(bench, (made) => this.publish(bench, made));
      const evaluation = new EvaluationWork(bench, async () => {
        await this.lane.letPass(urgencies.pair);
        this.turned('evaluating');
      });
      this.opened = { bench, training, evaluation, automatic };
      const { adapter, engine, model, trainer } = bench.host;
      this.emit({
        kind: 'session.ready', adapter, software: engine.adapterInfo.software, modelHash: model.file.hash,
        card: modelCard(model.file, request.size), training: training.current, step: trainer.progress.step,
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

  private async showWorld(request: RequestOf<'world.show'>): Promise<void> {
    this.world ??= createWorld();
    const world = await this.world;
    // Other messages are read between two scenes.
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.emit(worldShown(world, request));
  }

  private async listScenes(request: RequestOf<'scene.list'>): Promise<void> {
    const family = familyNamed(request.family);
    this.world ??= createWorld();
    const world = await this.world;
    const scenes = [];
    for (let seed = request.firstSeed; seed < request.firstSeed + request.count; seed++) {
      const scene = world.scene(family, request.split, seed);
      const source: SceneSource = { kind: 'scene', family, split: request.split, seed };
      const pixels = firstFrame(world, scene);
      const side = Math.sqrt(pixels.length / 3);
      const shape: [number, number] = [side, side];
      scenes.push({ source, description: scene.prompt, thumbnail: { pixels, shape } });
      // Other messages are read between two scenes.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    this.emit({ kind: 'scene.listed', scenes });
  }

  private async pair({ bench }: Opened, request: RequestOf<'pair.request'>): Promise<void> {
    const { pairId, source, seeds, sampler } = request;
    const { host, world, familiarity } = bench;
    try {
      const order = { pairId, source, seeds, sampler, automatic: false, step: host.trainer.progress.step };
      const made = await makePair(order, world, host.policy, familiarity, (phase, step, steps) => {
        if (this.cancelled.has(pairId)) throw new CancelledError('The pair was cancelled.');
        this.emit({ kind: 'pair.progress', pairId, phase, step, steps });
      });
      this.publish(bench, made);
    } catch (error) {
      if (host.lost) throw error;
      if (error instanceof CancelledError) return;
      this.emit({ kind: 'pair.failed', pairId, sentence: sentenceOf(error) });
    } finally {
      if (!host.lost) this.cancelled.delete(pairId);
    }
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

  /** Training steps and automatic pairs, in turn where both are wanted. */
  private background(): (() => Promise<void>) | null {
    if (this.opened === null) return null;
    const { training, automatic } = this.opened;
    const dueIn = automatic.dueIn;
    if (dueIn === 0 && (this.trainedLast || !this.control.due)) {
      this.trainedLast = false;
      return () => automatic.pair();
    }
    if (this.control.due) {
      this.trainedLast = true;
      return () => training.step();
    }
    if (dueIn !== null) setTimeout(() => this.lane.wake(), dueIn);
    return null;
  }

  private turned(job: string | null): void {
    const reason = job === 'generating' || job === 'evaluating' ? job : null;
    this.control.setBusy(reason);
  }

  /** Runs a piece of work; when the device is lost under it, makes a new device and runs it again. */
  private async guard(work: () => Promise<void>): Promise<void> {
    for (;;) {
      const host = this.opened?.bench.host;
      const step = host?.trainer.progress.step;
      try {
        await work();
        this.recoveries = 0;
        return;
      } catch (error) {
        // The loss may be told a moment after the work that it broke.
        await Promise.race([host?.engine.lost, new Promise((resolve) => setTimeout(resolve, lossTold))]);
        if (this.stopped) return;
        if (!host?.lost) {
          this.refuse('work', error);
          this.control.pause('alarm');
          return;
        }
        const redone = host.trainer.progress.step === step && this.trainedLast ? 1 : 0;
        // Work that passed in between may have made the new device already.
        const fresh = this.opened?.bench.host !== host;
        if (!fresh && !(await this.recover(host, redone))) return;
      }
    }
  }

  /** Notices a loss while nothing runs. */
  private watch(host: ModelHost): void {
    void host.engine.lost.then(() => {
      if (this.stopped || this.opened?.bench.host !== host) return;
      this.lane.add({ name: 'recovering', urgency: urgencies.state, run: async () => {
        if (this.opened?.bench.host === host) await this.recover(host, 0);
      } });
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
      bench.host = await ModelHost.create(host.model.file, host.trainer.snapshot());
    } catch (error) {
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

  private refusing(request: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      this.refuse(request, error);
    }
  }

  private refuse(request: string, error: unknown): void {
    this.emit({ kind: 'request.refused', request, sentence: sentenceOf(error) });
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
