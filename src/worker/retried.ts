/**
 * Work that is tried again after a pause, for what fails now and may not a moment later.
 */

/**
 * The result of the first try that succeeds; after each that fails comes the next of the pauses, in
 * milliseconds. Rejects with the last error when the pauses are used up, or when nobody wants it any more.
 */
export async function retried<T>(
  work: () => Promise<T>, pauses: readonly number[], wanted: () => boolean,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === pauses.length) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauses[tries]));
      if (!wanted()) throw error;
    }
  }
}
