// The arithmetic of the benchmark's report.

import { expect, test } from 'vitest';
import { kernelWorks } from './kernel-works.ts';
import { modelWorks } from './model-works.ts';
import { markdown, median, table, workNames } from './work.ts';
import type { Row } from './work.ts';

test('the median of odd and even counts', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('the table compares implementations of one work', () => {
  const row = { work: 'matmul' as const, shape: '2x2', gflops: 1, maxError: 0 };
  const text = table([
    { ...row, implementation: 'ours', milliseconds: 2, peakGflops: 4 },
    { ...row, implementation: 'tfjs-webgpu', milliseconds: 20, peakGflops: 4, wrong: true },
    { ...row, implementation: 'tfjs-wasm', milliseconds: 20 },
  ]);
  expect(text).toContain('10.0x');
  expect(text.match(/25 %/g)).toHaveLength(2);
  expect(text.match(/, wrong/g)).toHaveLength(1);
  expect(text.split('\n')).toHaveLength(4);
});

test('every work that is named is there, and no other', () => {
  expect([...kernelWorks, ...modelWorks('tiny')].map(({ name }) => name)).toEqual(workNames);
});

test('the Markdown table has a line a work, with ratios to ours on the same backend', () => {
  const row = { shape: '2x2', gflops: 1, maxError: 0 };
  const rows: Row[] = [
    { ...row, work: 'matmul', implementation: 'ours', milliseconds: 2, peakGflops: 4 },
    { ...row, work: 'matmul', implementation: 'tfjs-webgpu', milliseconds: 20 },
    { ...row, work: 'clip-pair', implementation: 'ours', milliseconds: 1500, peakGflops: 8, captureBytes: 64e6 },
    { ...row, work: 'clip-pair', implementation: 'ours-wasm', milliseconds: 900 },
    { ...row, work: 'clip-pair', implementation: 'jax-wasm', milliseconds: 2700 },
    { ...row, work: 'clip-pair', implementation: 'onnx-wasm', milliseconds: 1, wrong: true },
  ];
  const lines = markdown({ adapter: 'a GPU', peakGflops: 4, date: '2025-01-02T03:04:05.678Z', rows }).trim().split('\n');
  expect(lines).toHaveLength(6);
  expect(lines[2]).toBe('| matmul | 2x2 | 2.00 ms | 20.00 ms (10.0x) |  |  |  | 25 % |  |');
  expect(lines[3]).toBe('| clip-pair | 2x2 | 1500 ms |  | 900 ms | 2700 ms (3.0x) | wrong result | 13 % | 64.0 MB |');
  expect(lines[5]).toBe('Medians on a GPU (at most 4.0 GFLOP/s), 2025-01-02.');
});
