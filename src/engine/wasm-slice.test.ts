// Our slices on the wasm backend against tfjs's own on the cpu backend; exact, since values are only moved.
import { setBackend, slice, split, tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCpuBackend, createWasmBackend } from './device.ts';
import { copySlice } from './wasm-slice.ts';

beforeAll(() => createWasmBackend());
afterAll(createCpuBackend);

async function onBoth(run: () => { data(): Promise<ArrayLike<number>>; shape: number[] }[]): Promise<void> {
  const results = [];
  for (const backend of ['wasm', 'cpu']) {
    await setBackend(backend);
    results.push(await Promise.all(run().map(async (part) => ({ shape: part.shape, values: Array.from(await part.data()) }))));
  }
  expect(results[0]).toEqual(results[1]);
  await setBackend('wasm');
}

const numbered = (shape: number[], dtype: 'float32' | 'int32' | 'bool' = 'float32') => {
  const count = shape.reduce((product, length) => product * length, 1);
  return tensor(Array.from({ length: count }, (_, i) => (dtype === 'bool' ? i % 2 : i)), shape, dtype);
};

test.each<[shape: number[], begin: number[], size: number[]]>([
  [[7], [2], [3]],
  [[4, 6], [1, 0], [2, 6]],
  [[4, 6], [0, 2], [4, 3]],
  [[3, 4, 40], [1, 1, 0], [2, 2, 40]],
  [[3, 4, 50], [0, 1, 7], [3, 2, 35]],
  [[2, 3, 4, 5, 6], [0, 1, 0, 2, 0], [2, 2, 4, 2, 6]],
  [[2, 3, 4, 5, 6], [1, 0, 0, 0, 5], [1, 3, 4, 5, 1]],
  [[2, 3, 2, 2, 3, 2], [0, 1, 0, 1, 0, 0], [2, 1, 2, 1, 3, 2]],
  [[2, 3], [0, 0], [2, 3]],
  [[3, 5], [1, 2], [-1, -1]],
])('a slice of %j from %j, %j long', async (shape, begin, size) => {
  await onBoth(() => [slice(numbered(shape), begin, size)]);
});

test('whole numbers and truths', async () => {
  await onBoth(() => [slice(numbered([3, 4], 'int32'), [1, 1], [2, 2]), slice(numbered([3, 4], 'bool'), [1, 1], [2, 3])]);
});

test('splits, even and not, along any axis', async () => {
  await onBoth(() => split(numbered([4, 6, 3]), 3, 1));
  await onBoth(() => split(numbered([2, 7, 2, 1, 2]), [3, 0, 4], 1));
  await onBoth(() => split(numbered([2, 64]), 2, -1));
});

test('negative control: another place gives other values', () => {
  const x = Float32Array.from({ length: 24 }, (_, i) => i);
  const [right, wrong] = [new Float32Array(4), new Float32Array(4)];
  copySlice(x, [4, 6], [1, 2], [2, 2], right);
  copySlice(x, [4, 6], [1, 1], [2, 2], wrong);
  expect([...right]).toEqual([8, 9, 14, 15]);
  expect(wrong).not.toEqual(right);
});
