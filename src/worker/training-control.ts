/**
 * Whether training runs, and what it says of itself: a small state machine without tensors.
 *
 * The visitor asks for steps (some, or until told otherwise); the machine knows how many are still wanted,
 * why it rests, and what else keeps the GPU busy meanwhile. Every change of what the page should see is
 * reported once.
 */
import type { EventOf } from '../protocol/messages.ts';

type State = EventOf<'training.state'>['state'];
type Reason = NonNullable<EventOf<'training.state'>['reason']>;

export class TrainingControl {
  private readonly emit: (event: EventOf<'training.state'>) => void;
  private wanted = 0;
  private resting: Reason | null = null;
  private busy: Reason | null = null;
  private usable = 0;
  private warm = false;
  private said = '';

  constructor(emit: (event: EventOf<'training.state'>) => void) {
    this.emit = emit;
  }

  /** Steps are wanted and there is something to learn from. */
  get due(): boolean {
    return this.wanted > 0 && this.usable > 0;
  }

  start(): void {
    this.wanted = Infinity;
    this.report();
  }

  /** So many steps more, then rest. */
  take(steps: number): void {
    this.wanted += steps;
    this.report();
  }

  /** Rests until asked again. */
  pause(reason: 'visitor' | 'alarm'): void {
    this.wanted = 0;
    this.resting = reason;
    this.report();
  }

  /** One step is done. Returns true when no more are wanted. */
  stepped(): boolean {
    this.warm = true;
    // Paused under the step, nothing is left to count.
    if (this.wanted > 0) {
      this.wanted -= 1;
      if (this.wanted === 0) this.resting = 'steps-taken';
    }
    this.report();
    return this.wanted === 0;
  }

  /** How many votes can be learned from now. */
  setUsable(votes: number): void {
    this.usable = votes;
    this.report();
  }

  /** What else the GPU is busy with; null: nothing. */
  setBusy(reason: 'generating' | 'evaluating' | 'device-lost' | null): void {
    this.busy = reason;
    this.report();
  }

  /** The next step has to be compiled and captured first. */
  cool(): void {
    this.warm = false;
    this.report();
  }

  private view(): { state: State; reason: Reason | null } {
    if (this.usable === 0) return { state: this.wanted > 0 ? 'paused' : 'idle', reason: 'no-votes' };
    if (this.wanted === 0) {
      return this.resting === null
        ? { state: 'idle', reason: 'visitor' } : { state: 'paused', reason: this.resting };
    }
    if (this.busy !== null) return { state: 'paused', reason: this.busy };
    return { state: this.warm ? 'running' : 'warming-up', reason: null };
  }

  /** Says how things stand, unless that was said last. */
  report(): void {
    const event = { kind: 'training.state' as const, ...this.view(), usableVotes: this.usable };
    const text = JSON.stringify(event);
    if (text === this.said) return;
    this.said = text;
    this.emit(event);
  }
}
