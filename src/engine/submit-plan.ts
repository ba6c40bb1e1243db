// How the dispatches of a replay are divided into submits.
//
// A GPU that is busy with one submit for too long is reset by its driver, and a browser's watchdog bites
// sooner on slow adapters; many small submits cost JavaScript time on fast ones. The plan starts with short
// submits, sees how long each took, splits those over the limit and cuts anew where fewer would do. One
// dispatch cannot be split: keeping it short is the kernel's task.
//
// Every submit wakes the GPU's process. Measured on a software adapter with two cores, nano's training step of 510
// dispatches takes JavaScript 0.35 ms in one submit and 0.7 in 8 (medians of 20, in turn).

/** Longest time one submit should take, in milliseconds. */
const longest = 240;
/** What submits take on average, at most, when they are cut anew. */
const wanted = 215;
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

  /** Takes the milliseconds each submit of the present plan took. Returns true when the plan changed. */
  learn(milliseconds: readonly number[]): boolean {
    if (milliseconds.length !== this.lengths.length) {
      return false;
    }
    const split = this.lengths.flatMap((length, i) => milliseconds[i] > longest && length > 1
      ? [Math.ceil(length / 2), Math.floor(length / 2)] : [length]);
    if (split.length > this.lengths.length) {
      this.lengths = split;
      return true;
    }
    const total = milliseconds.reduce((sum, time) => sum + time, 0);
    const count = Math.max(1, Math.ceil(total / wanted));
    if (count >= this.lengths.length) {
      return false;
    }
    this.lengths = this.cut(milliseconds, count);
    return true;
  }

  /** As many submits of about equal time, if all dispatches of a submit have taken the same. */
  private cut(milliseconds: readonly number[], count: number): number[] {
    const each = milliseconds.reduce((sum, time) => sum + time, 0) / count;
    const next = [0];
    let elapsed = 0;
    this.lengths.forEach((length, i) => {
      for (let dispatch = 0; dispatch < length; dispatch++) {
        if (elapsed >= next.length * each && next.length < count) next.push(0);
        next[next.length - 1]++;
        elapsed += milliseconds[i] / length;
      }
    });
    return next;
  }
}
