/**
 * What went wrong, in the words of the protocol: a code, a sentence, and what the visitor can do.
 */
import { NoWebGPUError } from '../engine/device.ts';
import { WeightsError } from '../model/weights.ts';
import type { EventOf } from '../protocol/messages.ts';

const reload = 'Reload the page. Votes and snapshots that were saved are still there.';
const fetchAgain = 'Reload the page; if it stays, fetch the project\'s public/models folder again.';

/** The world could not be made (its physics engine did not load). */
export class WorldError extends Error {
  override readonly name = 'WorldError';
}

/** The failure event for an error that the session cannot go on after. */
export function failureOf(error: unknown): EventOf<'session.failed'> {
  const sentence = error instanceof Error ? error.message : String(error);
  const failed = (code: EventOf<'session.failed'>['code'], remedy: string): EventOf<'session.failed'> =>
    ({ kind: 'session.failed', code, sentence, remedy });
  if (error instanceof NoWebGPUError) {
    return error.reason === 'no navigator.gpu'
      ? failed('webgpu-missing', 'Use a recent browser, over https or from localhost: Chrome or Edge 113, '
        + 'Safari 26 or Firefox 141, or newer.')
      : failed('adapter-missing', 'Switch on hardware acceleration in the browser\'s settings, update the '
        + 'graphics driver, and look at chrome://gpu for what is blocked.');
  }
  if (error instanceof WeightsError) return failed(error.code, fetchAgain);
  if (error instanceof WorldError) return failed('world-failed', reload);
  return failed('internal', reload);
}
