/**
 * The ML worker's entry: parses what the page sends, hands it to the session, and posts its events.
 *
 * Clips and thumbnails are transferred. A message that is not of this protocol is refused by name.
 */
import { parseRequest, ProtocolError, transferablesOf } from '../protocol/messages.ts';
import type { WorkerEvent } from '../protocol/messages.ts';
import { Session } from './session.ts';

function post(event: WorkerEvent): void {
  self.postMessage(event, { transfer: transferablesOf(event) });
}

const session = new Session(post);

self.onmessage = ({ data }: MessageEvent<unknown>) => {
  try {
    session.handle(parseRequest(data));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    post({ kind: 'request.refused', request: error.kind, sentence: error.message });
  }
};
