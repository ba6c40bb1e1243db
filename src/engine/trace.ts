// A profile as a Chrome trace, which chrome://tracing, Perfetto and the browser's performance panel open.
// Source: the Trace Event Format's complete events (ph X), times in microseconds.

import type { KernelTime } from './profiler.ts';

interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly ph: 'X' | 'M';
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly args: Readonly<Record<string, string | number>>;
}

/** Captures -> one track each, its dispatches end to end in their order (gaps between them are not known). */
export function chromeTrace(adapter: string, captures: readonly { name: string; times: readonly KernelTime[] }[]): {
  traceEvents: TraceEvent[];
} {
  const traceEvents: TraceEvent[] = [
    { name: 'process_name', cat: '', ph: 'M', pid: 1, tid: 0, ts: 0, args: { name: adapter } },
  ];
  captures.forEach(({ name, times }, track) => {
    traceEvents.push({ name: 'thread_name', cat: '', ph: 'M', pid: 1, tid: track, ts: 0, args: { name } });
    let at = 0;
    for (const { kernel, label, milliseconds, operations, bytes } of times) {
      const dur = milliseconds * 1000;
      traceEvents.push({
        name: kernel, cat: 'kernel', ph: 'X', pid: 1, tid: track, ts: at, dur,
        args: { label, operations, bytes },
      });
      at += dur;
    }
  });
  return { traceEvents };
}
