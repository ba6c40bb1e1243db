// How the dispatches of a replay are divided into submits.
//
// A GPU that is busy with one submit for too long is reset by its driver, and a browser's watchdog bites
// sooner on slow adapters; many small submits cost JavaScript time on fast ones. The plan starts with short
// submits, sees how long each took, splits those over the limit and joins neighbours well under it. One
// dispatch cannot be split: keeping it short is the kernel's task.
//
// Measured on a software adapter: nano's training step of 739 dispatches takes JavaScript 0.5 ms in 7 submits,
// 0.6 in 19, and 0.9 to 1.8 in 47, since every submit wakes the GPU's process.

/** Longest time one submit should take, in milliseconds. */
const longest = 240;
/** Neighbours that took less than this together are joined. */
const short = 200;
const firstLength = 16;

/** Divides `count` dispatches into submits and learns from measured times. */
export class SubmitPlan {
  /** Dispatches in each submit; they sum to the count. */
  lengths: number[] = [];

  constructor(count: number) {
    for (let left = count; left > 0; left -= firstLength) {
      this.lengths.push(Math.min(left, firstLength));
    }
  }

  /**
   * Takes the milliseconds each submit of the present plan took. Returns true when the plan changed.
   * At most one join per submit and call: times of joined submits are estimates until measured.
   */
  learn(milliseconds: readonly number[]): boolean {
    if (milliseconds.length !== this.lengths.length) {
      return false;
    }
    const next: number[] = [];
    let joined = Infinity;
    milliseconds.forEach((time, i) => {
      const length = this.lengths[i];
      if (time > longest && length > 1) {
        next.push(Math.ceil(length / 2), Math.floor(length / 2));
        joined = Infinity;
      } else if (joined + time < short) {
        next[next.length - 1] += length;
        joined += time;
      } else {
        next.push(length);
        joined = time;
      }
    });
    const changed = next.length !== this.lengths.length;
    this.lengths = next;
    return changed;
  }
}
