// The same where there is no GPU: on the cpu and wasm backends.
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { createCpuBackend, createWasmBackend } from './device.ts';
import { overwrite } from './overwrite.ts';
import { readTogether } from './read-together.ts';

test.each([
  ['cpu', createCpuBackend], ['wasm', createWasmBackend],
])('on %s overwritten values are read, and what was read before stays as it was', async (_, create) => {
  await create();
  const x = tf.variable(tf.tensor2d([1, 2, 3, 4], [2, 2]));
  const [first] = await readTogether([x]);
  const values = Float32Array.of(5, 6, 7, 8);
  overwrite(x, values);
  values.fill(0);
  const [second, third] = await readTogether([x, tf.tensor1d([9])]);
  expect([[...first], [...second], [...third]]).toEqual([[1, 2, 3, 4], [5, 6, 7, 8], [9]]);
  expect(() => overwrite(x, new Float32Array(2))).toThrow(/takes 4 values/);
});
