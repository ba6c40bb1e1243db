// The arithmetic of the benchmark's report.

import { expect, test } from 'vitest';
import { median, table } from './work.ts';

test('the median of odd and even counts', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('the table compares implementations of one work', () => {
  const row = { work: 'matmul', shape: '2x2', gflops: 1, maxError: 0 };
  const text = table([
    { ...row, implementation: 'ours', milliseconds: 2 },
    { ...row, implementation: 'tfjs-webgpu', milliseconds: 20 },
  ]);
  expect(text).toContain('10.0x');
  expect(text.split('\n')).toHaveLength(3);
});
