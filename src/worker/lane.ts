/**
 * One lane for everything that needs the GPU: jobs run one after another, the most urgent first.
 *
 * When no job waits, the lane asks for background work (a training step, an automatic pair), one piece at a
 * time, so that a visitor's request waits for one piece at most. It knows nothing of what the jobs do.
 */
export interface Work {
  /** Shown as the reason why other work waits. */
  readonly name: string;
  readonly run: () => Promise<void>;
  /** Tells whoever asked for it that it failed for good. */
  readonly failed: (error: unknown) => void;
}

export interface Job extends Work {
  /** Lower runs earlier; equal ones run in the order in which they came. */
  readonly urgency: number;
}

export interface LaneDependencies {
  /** The next piece of background work, or null when there is none. */
  background(): Work | null;
  /** Runs a piece of work and deals with its failure; must not reject. */
  guard(work: Work): Promise<void>;
  /** Told what the lane turns to, by name; null: it rests. */
  turned(work: string | null): void;
}

export class Lane {
  private readonly dependencies: LaneDependencies;
  private readonly waiting: Job[] = [];
  private running = false;
  private closed = false;

  constructor(dependencies: LaneDependencies) {
    this.dependencies = dependencies;
  }

  add(job: Job): void {
    this.waiting.push(job);
    this.wake();
  }

  /** Looks for work; call it when background work may have come up. */
  wake(): void {
    if (this.running || this.closed) return;
    this.running = true;
    void this.drain();
  }

  /** Drops what waits; the piece that runs ends by itself. */
  close(): void {
    this.closed = true;
    this.waiting.length = 0;
  }

  /** Called by a long job between two parts of its work: runs the jobs of one urgency that wait. */
  async letPass(urgency: number): Promise<void> {
    for (let job = this.next(urgency); job !== undefined; job = this.next(urgency)) {
      this.dependencies.turned(job.name);
      await this.dependencies.guard(job);
    }
  }

  /** The most urgent job that waits, or the first of one urgency. */
  private next(urgency = Math.min(...this.waiting.map((job) => job.urgency))): Job | undefined {
    const index = this.waiting.findIndex((job) => job.urgency === urgency);
    return index < 0 ? undefined : this.waiting.splice(index, 1)[0];
  }

  private async drain(): Promise<void> {
    while (!this.closed) {
      const work = this.next() ?? this.dependencies.background();
      if (work === null) break;
      this.dependencies.turned(work.name);
      await this.dependencies.guard(work);
      // Messages of the page are read between two pieces of work.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    this.running = false;
    if (!this.closed) {
      this.dependencies.turned(null);
      // Something may have come in while the lane was told.
      if (this.waiting.length > 0) this.wake();
    }
  }
}
