/**
 * Messages: all that page and worker say to each other. Requests go from the page to the worker, events come
 * back. Both ends parse what they receive, so that a message of another version is refused by name instead of
 * failing somewhere deep inside.
 *
 * Clips and thumbnails are transferred: whoever sends one gives its buffer away (`transferablesOf`).
 * This file opens no channel; the two ends are src/worker/ml-worker.ts and src/studio/worker-client.ts.
 */
import * as v from 'valibot';
import { WorkerEvent } from './events.ts';
import { PageRequest } from './requests.ts';

export * from './events.ts';
export * from './requests.ts';

/** One kind of event or request, by its name: `EventOf<'pair.ready'>`. */
export type EventOf<K extends WorkerEvent['kind']> = Extract<WorkerEvent, { kind: K }>;
export type RequestOf<K extends PageRequest['kind']> = Extract<PageRequest, { kind: K }>;

/** A message that is not one of ours, or not of this version. */
export class ProtocolError extends Error {
  override name = 'ProtocolError';
  /** What the message calls itself; 'unnamed' where it does not. */
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Parses what the worker receives. Throws ProtocolError naming the message and the field. */
export function parseRequest(data: unknown): PageRequest {
  return parse(PageRequest, data, 'request');
}

/** Parses what the page receives. Throws ProtocolError naming the message and the field. */
export function parseEvent(data: unknown): WorkerEvent {
  return parse(WorkerEvent, data, 'event');
}

function parse<S extends v.GenericSchema>(schema: S, data: unknown, what: string): v.InferOutput<S> {
  const result = v.safeParse(schema, data, { abortEarly: true });
  if (result.success) return result.output;
  const kind = v.is(v.object({ kind: v.string() }), data) ? data.kind : 'unnamed';
  const issue = result.issues[0];
  const field = v.getDotPath(issue) ?? 'message';
  throw new ProtocolError(kind, `Refused ${what} "${kind}": ${field}: ${issue.message}`);
}

/** The buffers that travel by transfer. Records are copied: their sender keeps them. */
export function transferablesOf(message: PageRequest | WorkerEvent): ArrayBuffer[] {
  switch (message.kind) {
    case 'pair.ready':
      return [message.clips.a, message.clips.b, ...(message.truth ? [message.truth] : [])].map(
        (clip) => clip.frames.buffer,
      );
    case 'evaluation.ready':
      return message.scenes.flatMap((scene) =>
        [scene.before, scene.after, scene.truth].map((clip) => clip.frames.buffer),
      );
    case 'scene.listed':
      return message.scenes.map((scene) => scene.thumbnail.pixels.buffer);
    default:
      return [];
  }
}
