/**
 * The page's end of the channel to the ML worker: the only place that knows there is a worker.
 *
 * Every event is parsed before anyone hears it. A worker that cannot be loaded or that breaks the protocol
 * becomes a `session.failed` event, so that the page has one way of showing failure.
 */
import {
  parseEvent,
  transferablesOf,
  type EventOf,
  type PageRequest,
  type WorkerEvent,
} from '../protocol/messages.ts';

/** What a Worker and a MessagePort have in common. */
export interface Channel {
  postMessage(message: unknown, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

export interface WorkerClient {
  send(request: PageRequest): void;
  /** Calls the listener for every event; returns the function that stops it. */
  listen(listener: (event: WorkerEvent) => void): () => void;
  close(): void;
}

/** Starts the ML worker. Where it cannot even be loaded, a `session.failed` event follows. */
export function openWorker(): WorkerClient {
  const worker = new Worker(new URL('../worker/ml-worker.ts', import.meta.url), { type: 'module' });
  const client = clientOver(worker, () => worker.terminate());
  worker.onerror = (event) => {
    event.preventDefault();
    const sentence = event.message ? `The worker stopped: ${event.message}` : 'The worker did not load.';
    client.emit(brokenSession(sentence));
  };
  return client;
}

/** A client over any channel; `close` ends whatever is on its other side. */
export function clientOver(
  channel: Channel,
  close: () => void,
): WorkerClient & { emit(event: WorkerEvent): void } {
  const listeners = new Set<(event: WorkerEvent) => void>();
  const emit = (event: WorkerEvent) => {
    for (const listener of listeners) listener(event);
  };
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    let event: WorkerEvent;
    try {
      event = parseEvent(data);
    } catch (cause) {
      event = brokenSession(cause instanceof Error ? cause.message : 'The worker sent something unreadable.');
    }
    emit(event);
  };
  return {
    send: (request) => channel.postMessage(request, transferablesOf(request)),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close,
    emit,
  };
}

function brokenSession(sentence: string): EventOf<'session.failed'> {
  return {
    kind: 'session.failed',
    code: 'internal',
    sentence,
    remedy: 'Reload the page. Votes and snapshots that were saved are still there.',
  };
}
