import { expect, test } from 'vitest';
import { createWriteQueue } from './write-queue.ts';

test('what failed is tried again before the next write, in order', async () => {
  const queue = createWriteQueue();
  const disk: number[] = [];
  const told: string[] = [];
  let full = true;
  const write = (value: number) =>
    queue.add(
      async () => {
        if (full) throw new Error('full');
        disk.push(value);
      },
      (failure) => told.push(`${value} ${failure === null ? 'saved' : 'failed'}`),
    );
  await write(1);
  await write(2);
  expect([disk, queue.unsaved()]).toEqual([[], 2]);
  full = false;
  await Promise.all([write(3), write(4)]);
  expect([disk, queue.unsaved()]).toEqual([[1, 2, 3, 4], 0]);
  expect(told).toEqual(['1 failed', '1 failed', '2 failed', '1 saved', '2 saved', '3 saved', '4 saved']);
});

test('one that never succeeds holds up no other', async () => {
  const queue = createWriteQueue();
  const disk: string[] = [];
  void queue.add(() => Promise.reject(new Error('unclonable')), () => undefined);
  await queue.add(async () => void disk.push('next'), () => undefined);
  expect([disk, queue.unsaved()]).toEqual([['next'], 1]);
});
