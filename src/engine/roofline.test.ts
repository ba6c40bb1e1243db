import { expect, test } from 'vitest';
import type { KernelTime } from './profiler.ts';
import { leastMilliseconds, sharesOf } from './roofline.ts';
import { chromeTrace } from './trace.ts';

const peak = { gflops: 100, gigabytesPerSecond: 10 };
const times: KernelTime[] = [
  // 2e8 operations at 100e9 a second are 2 ms, 1e6 bytes at 10e9 a second .1 ms.
  { kernel: 'linear/staged', label: 'a', operations: 2e8, bytes: 1e6, milliseconds: 4 },
  { kernel: 'tfjs/binary', label: 'b', operations: 0, bytes: 5e7, milliseconds: 10 },
  { kernel: 'linear/staged', label: 'c', operations: 4e8, bytes: 1e6, milliseconds: 6 },
];

test('the slower of arithmetic and memory is the roof', () => {
  expect(leastMilliseconds(peak, 2e8, 1e6)).toBeCloseTo(2);
  expect(leastMilliseconds(peak, 2e8, 1e8)).toBeCloseTo(10);
  expect(leastMilliseconds(peak, 0, 5e7)).toBeCloseTo(5);
});

test('dispatches of a kernel are one line, the longest first', () => {
  const shares = sharesOf(times, peak);
  expect(shares.map(({ kernel, dispatches, milliseconds }) => [kernel, dispatches, milliseconds]))
    .toEqual([['linear/staged', 2, 10], ['tfjs/binary', 1, 10]]);
  expect(shares[0].share).toBeCloseTo(0.5);
  expect(shares[0].gflops).toBeCloseTo(60);
  expect(shares[0].ofRoof).toBeCloseTo(0.6);
  expect(shares[1].gflops).toBe(0);
  expect(shares[1].gigabytesPerSecond).toBeCloseTo(5);
  expect(shares[1].ofRoof).toBeCloseTo(0.5);
});

test('a trace lays dispatches end to end, a capture a track', () => {
  const { traceEvents } = chromeTrace('an adapter', [{ name: 'step', times }, { name: 'decode', times: times.slice(1) }]);
  const events = traceEvents.filter(({ ph }) => ph === 'X');
  expect(events.map(({ name, tid, ts, dur }) => [name, tid, ts, dur])).toEqual([
    ['linear/staged', 0, 0, 4000], ['tfjs/binary', 0, 4000, 10_000], ['linear/staged', 0, 14_000, 6000],
    ['tfjs/binary', 1, 0, 10_000], ['linear/staged', 1, 10_000, 6000],
  ]);
  expect(traceEvents.filter(({ ph }) => ph === 'M').map(({ args }) => args['name'])).toEqual(['an adapter', 'step', 'decode']);
  expect(JSON.parse(JSON.stringify({ traceEvents }))).toEqual({ traceEvents });
});
