// Writing and reading tensors' own buffers: in order with dispatches and captures, and many at once.
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { capture } from './capture.ts';
import { createDevice } from './device.ts';
import type { EngineDevice } from './device.ts';
import { overwrite } from './overwrite.ts';
import { readTogether } from './read-together.ts';

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

test('overwritten values are seen later, not earlier, and by captures', async () => {
  const x = tf.variable(tf.tensor1d([1, 2, 3]));
  const captured = capture('double', [], () => [tf.mul(x, 2)]);
  const before = tf.add(x, 0);
  overwrite(x, Float32Array.of(4, 5, 6));
  const after = tf.add(x, 0);
  captured.replay();
  const values = await readTogether([before, after, captured.outputs[0], x]);
  expect(values.map((part) => [...part])).toEqual([[1, 2, 3], [4, 5, 6], [8, 10, 12], [4, 5, 6]]);
  expect([...(await x.data())]).toEqual([4, 5, 6]);
  expect(() => overwrite(x, new Float32Array(2))).toThrow(/takes 3 values/);
  captured.dispose();
});
