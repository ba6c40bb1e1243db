// On the cpu and wasm backends a capture runs its step again at every replay, under the same rules.

import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { adamw, adamwDefaults, adamwSettings } from '../kernels/optimizer/kernel.ts';
import { adamwStep } from '../kernels/optimizer/oracle.ts';
import { normal, normalKey, normalKeyTensor } from '../kernels/random/kernel.ts';
import { normalArray } from '../math/normal.ts';
import { capture } from './capture.ts';
import { createCpuBackend, createWasmBackend } from './device.ts';

const options = { ...adamwDefaults, learningRate: 0.1 };

test.each([
  ['cpu', createCpuBackend], ['wasm', createWasmBackend],
])('on %s state is updated in place, inputs are written, outputs are fresh', async (_, create) => {
  await create();
  const parameter = tf.tensor1d([1, 2, 3]);
  const [first, second] = [tf.zeros([3]), tf.zeros([3])];
  const key = normalKeyTensor(4, 1);
  const settings = tf.tensor1d(adamwSettings(options, 1));
  const captured = capture('cpu step', [key, settings], () => {
    const gradient = normal([3], key);
    adamw({ parameters: [parameter], first, second, gradients: [gradient], settings, gradientScale: tf.ones([1]) });
    return { gradient, norm: tf.sum(tf.square(gradient)) };
  });
  let state: Parameters<typeof adamwStep>[0] = { parameter: [1, 2, 3], first: [0, 0, 0], second: [0, 0, 0] };
  const tensors = tf.memory().numTensors;
  for (let step = 1; step <= 5; step++) {
    if (step > 1) {
      captured.write(key, normalKey(4, step));
      captured.write(settings, adamwSettings(options, step));
      captured.replay();
    }
    const gradient = normalArray(4, step, 3);
    expect([...(await captured.outputs.gradient.data())]).toEqual([...gradient]);
    state = adamwStep(state, gradient, adamwSettings(options, step), 1);
    const values = await parameter.data();
    values.forEach((value, i) => expect(value).toBeCloseTo(state.parameter[i], 5));
  }
  expect(tf.memory().numTensors).toBe(tensors);
  expect(() => captured.write(parameter, [1, 2, 3])).toThrow(/not an input/);
  expect(() => captured.write(settings, [1])).toThrow(/needs 9 values/);
  captured.write(settings, tf.tensor1d(adamwSettings(options, 9)));
  expect(await settings.data()).toEqual(adamwSettings(options, 9));
  expect(() => captured.write(settings, tf.zeros([9], 'int32'))).toThrow(/type float32 cannot take/);
  captured.dispose();
  expect(() => captured.replay()).toThrow(/disposed/);
});
