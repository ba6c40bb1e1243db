/**
 * "Vote for me": pairs of the train split, ranked by the strict metric against the world's truth.
 *
 * Each pair goes out like any other, followed by the verdict; the page turns that into a vote and stores it.
 * Between two pairs there is a pause in which clips can be seen and training steps taken.
 */
import type { EventOf } from '../protocol/messages.ts';
import type { SceneSource } from '../protocol/records.ts';
import { familyNamed } from '../world/world.ts';
import { clipMetrics } from './evaluation-work.ts';
import { makePair } from './pair-maker.ts';
import type { MadePair } from './pair-maker.ts';
import type { Workbench } from './workbench.ts';

/** Milliseconds from one verdict to the next pair. */
const pause = 1500;

export class AutomaticWork {
  private readonly bench: Workbench;
  private readonly publish: (pair: MadePair) => void;
  private families: readonly string[] = [];
  private seed = 0;
  private left = 0;
  private votes = 0;
  private dueAt = 0;

  /** `publish` sends a pair and its record to the page. */
  constructor(bench: Workbench, publish: (pair: MadePair) => void) {
    this.bench = bench;
    this.publish = publish;
  }

  /** Families come in turn. Throws RangeError when there is none of a name. */
  start(families: readonly string[], firstSeed: number, votes: number): void {
    this.families = families.map((name) => familyNamed(name).name);
    this.seed = firstSeed;
    this.left = votes;
    this.votes = 0;
    this.dueAt = 0;
    this.report();
  }

  stop(): void {
    this.left = 0;
    this.report();
  }

  get running(): boolean {
    return this.left > 0;
  }

  /** Milliseconds until the next pair is due; null when none is wanted. */
  get dueIn(): number | null {
    return this.left > 0 ? Math.max(0, this.dueAt - performance.now()) : null;
  }

  /** Makes one pair and its verdict. Rejects when the device is lost; the same seed comes again then. */
  async pair(): Promise<void> {
    const { world, host, familiarity, emit } = this.bench;
    const family = this.families[this.seed % this.families.length];
    const source: SceneSource = { kind: 'scene', family, split: 'train', seed: this.seed };
    const pairId = `pair-${crypto.randomUUID()}` as const;
    const order = { pairId, source, automatic: true, step: host.trainer.progress.step };
    const made = await makePair(order, world, host.policy, familiarity, (phase, step, steps) =>
      emit({ kind: 'pair.progress', pairId, phase, step, steps }));
    this.seed += 1;
    this.dueAt = performance.now() + pause;
    // Stopped on the way: the pair that nobody waits for is dropped.
    if (this.left === 0) return;
    this.publish(made);
    const verdict = made.rank();
    if (verdict !== null) {
      const metrics = { a: clipMetrics(verdict.scores.a), b: clipMetrics(verdict.scores.b) };
      emit({ kind: 'vote.automatic', pairId, chosen: verdict.chosen, metrics });
    }
    this.left -= 1;
    this.votes += 1;
    this.report();
  }

  private report(): void {
    const event: EventOf<'automatic.state'> = {
      kind: 'automatic.state', running: this.running, votes: this.votes,
    };
    this.bench.emit(event);
  }
}
