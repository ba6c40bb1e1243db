/**
 * Writes to storage, one after another in the order in which they came. One that fails is not given up: it is
 * tried again before the next, so that room that is freed saves what was waiting for it.
 */

interface Write {
  run(): Promise<void>;
  /** Told after every try: null, or why it failed. */
  tried(failure: unknown): void;
}

export type WriteQueue = ReturnType<typeof createWriteQueue>;

export function createWriteQueue() {
  let unsaved: Write[] = [];
  let turn: Promise<void> = Promise.resolve();

  async function tryAll() {
    for (const write of unsaved) {
      try {
        await write.run();
        unsaved = unsaved.filter((known) => known !== write);
        write.tried(null);
      } catch (failure) {
        write.tried(failure);
      }
    }
  }

  return {
    /** Resolves after the first try, whatever came of it. */
    add(run: Write['run'], tried: Write['tried']): Promise<void> {
      unsaved = [...unsaved, { run, tried }];
      turn = turn.then(tryAll);
      return turn;
    },
    /** Writes that have not succeeded yet. */
    unsaved: () => unsaved.length,
  };
}
