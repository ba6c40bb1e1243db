// Tries and pauses: until it works, until they are used up, or until nobody wants it.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { retried } from './retried.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Work that fails so many times before it gives its number of tries. */
function failing(times: number): { run: () => Promise<number>; tries: () => number } {
  let tries = 0;
  return {
    tries: () => tries,
    run: async () => {
      tries += 1;
      if (tries <= times) throw new Error(`try ${tries}`);
      return tries;
    },
  };
}

test('what fails at first is tried again, a longer while later each time', async () => {
  const work = failing(2);
  const result = retried(work.run, [100, 1000], () => true);
  await vi.advanceTimersByTimeAsync(99);
  expect(work.tries()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(work.tries()).toBe(2);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await result).toBe(3);
});

test('when the pauses are used up, the last error is the answer', async () => {
  const work = failing(9);
  const result = expect(retried(work.run, [1, 1], () => true)).rejects.toThrow('try 3');
  await vi.runAllTimersAsync();
  await result;
});

test('nothing is tried that nobody wants any more', async () => {
  const work = failing(9);
  const result = expect(retried(work.run, [1, 1], () => false)).rejects.toThrow('try 1');
  await vi.runAllTimersAsync();
  await result;
  expect(work.tries()).toBe(1);
});
