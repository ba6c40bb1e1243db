// The lane: one piece of work at a time, the urgent first, background work only when nothing waits.
import { expect, test, vi } from 'vitest';
import { Lane } from './lane.ts';
import type { Work } from './lane.ts';

function lane(background: () => Work | null, log: string[]): Lane {
  return new Lane({
    background,
    guard: async ({ run, failed }) => run().catch(failed),
    turned: (work) => log.push(work ?? '-'),
  });
}

/** What a piece of work does when it fails: it must not. */
const failed = (error: unknown) => {
  throw error;
};

/** Waits until the log reads so, however slow the machine is. */
const expectLog = (log: string[], expected: string[]) =>
  vi.waitFor(() => expect(log).toEqual(expected), { timeout: 20_000 });

test('urgent jobs overtake those that wait, equal ones keep their order, none overlap', async () => {
  const log: string[] = [];
  const line = lane(() => null, log);
  let inside = 0;
  const job = (name: string, urgency: number) => line.add({
    name, urgency, failed,
    run: async () => {
      inside += 1;
      expect(inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inside -= 1;
    },
  });
  job('a', 2);
  job('b', 2);
  job('c', 1);
  job('d', 1);
  await expectLog(log, ['a', 'c', 'd', 'b', '-']);
});

test('background work fills the time, a piece at a time, and gives way', async () => {
  const log: string[] = [];
  let steps = 0;
  const step: Work = {
    name: 'step', failed,
    run: async () => {
      steps += 1;
      if (steps === 2) line.add({ name: 'pair', urgency: 1, run: async () => {}, failed });
    },
  };
  const line = lane(() => (steps < 4 ? step : null), log);
  line.wake();
  await expectLog(log, ['step', 'step', 'pair', 'step', 'step', '-']);
  line.wake();
  await expectLog(log, ['step', 'step', 'pair', 'step', 'step', '-', '-']);
  expect(steps).toBe(4);
});

test('work that fails does not stop the lane; a closed lane runs nothing more', async () => {
  const log: string[] = [];
  const line = lane(() => null, log);
  line.add({
    name: 'bad', urgency: 1, run: () => Promise.reject(new Error('no')),
    failed: (error) => log.push(`failed: ${String(error)}`),
  });
  line.add({ name: 'good', urgency: 1, run: async () => {}, failed });
  await expectLog(log, ['bad', 'failed: Error: no', 'good', '-']);
  line.close();
  line.add({ name: 'late', urgency: 1, run: async () => {}, failed });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(log).toHaveLength(4);
});

test('a long job lets others of one urgency pass between its parts', async () => {
  const log: string[] = [];
  const line = lane(() => null, log);
  const note = (name: string) => async () => void log.push(`${name}!`);
  line.add({
    name: 'long', urgency: 2, failed,
    run: async () => {
      line.add({ name: 'pair', urgency: 1, run: note('pair'), failed });
      line.add({ name: 'state', urgency: 0, run: note('state'), failed });
      await line.letPass(1);
      log.push('long!');
    },
  });
  await expectLog(log, ['long', 'pair', 'pair!', 'long!', 'state', 'state!', '-']);
});
