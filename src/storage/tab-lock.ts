/**
 * One tab at a time stores: two would each write runs and heads that the other knows nothing of. The browser
 * keeps the lock, and takes it back from a page that is closed or breaks.
 */

/** What is needed of navigator.locks. */
export type Locks = Pick<LockManager, 'request'>;

/** Milliseconds that a tab waits: on a busy machine, a page that is reloaded gives its lock back late. */
const usualPatience = 3000;

/**
 * Takes the lock of this name and gives the function that returns it, or null where another tab holds it.
 * A browser that has no locks, or refuses them, locks nothing.
 */
export function takeTabLock(
  name: string,
  locks: Locks | undefined,
  patience = usualPatience,
): Promise<(() => void) | null> {
  if (!locks) return Promise.resolve(() => undefined);
  return new Promise((resolve) => {
    const held = () => new Promise<void>((release) => resolve(release));
    locks.request(name, { signal: AbortSignal.timeout(patience) }, held).catch((cause: unknown) => {
      const waited = cause instanceof DOMException && /^(Timeout|Abort)Error$/.test(cause.name);
      resolve(waited ? null : () => undefined);
    });
  });
}
