import { expect, test } from 'vitest';
import { openStorage } from './indexed-storage.ts';
import { takeTabLock, type Locks } from './tab-lock.ts';

/** Locks as navigator.locks grants them, exclusive ones only. */
function browserLocks(): Locks {
  const held = new Map<string, Promise<unknown>>();
  return {
    async request(name: string, ...rest: unknown[]) {
      const [{ signal }, granted] = rest as [{ signal: AbortSignal }, () => Promise<unknown>];
      const aborted = new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
      await Promise.race([held.get(name), aborted]);
      const work = granted();
      held.set(name, work);
      return work;
    },
  };
}

test('a second tab waits a moment, and gets the lock once it is given back', async () => {
  const locks = browserLocks();
  const release = await takeTabLock('studio', locks, 30);
  expect(release).not.toBeNull();
  expect(await takeTabLock('studio', locks, 30)).toBeNull();
  expect(await takeTabLock('other', locks, 30)).not.toBeNull();
  const next = takeTabLock('studio', locks, 5000);
  release?.();
  expect(await next).not.toBeNull();
});

test('without locks, or where they are refused, nothing is locked', async () => {
  expect(await takeTabLock('studio', undefined)).not.toBeNull();
  const refused: Locks = { request: () => Promise.reject(new DOMException('', 'SecurityError')) };
  expect(await takeTabLock('studio', refused)).not.toBeNull();
});

test('the second tab keeps its work in memory, and says so', async () => {
  const locks = browserLocks();
  await takeTabLock('studio', locks, 30);
  const storage = await openStorage('studio', locks);
  expect(storage.durable).toBe(false);
  expect(storage.notice).toMatch(/another tab/);
});
