// The device: its limits and features, surfaced errors, loss and a second life.

import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { createOutput, dispatch } from './bridge.ts';
import { createDevice } from './device.ts';

test('asks for what the adapter has, and tfjs runs on it', async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const engine = await createDevice();
  expect(engine.limits.maxStorageBufferBindingSize).toBe(adapter?.limits.maxStorageBufferBindingSize);
  const { maxComputeInvocationsPerWorkgroup } = engine.limits;
  expect(maxComputeInvocationsPerWorkgroup).toBe(adapter?.limits.maxComputeInvocationsPerWorkgroup);
  for (const feature of ['timestamp-query', 'subgroups', 'shader-f16']) {
    expect(engine.adapterInfo.features.includes(feature)).toBe(adapter?.features.has(feature));
  }
  expect(tf.getBackend()).toBe('webgpu');
  expect(engine.backend.device).toBe(engine.device);
  expect(tf.env().getBool('WEBGPU_CPU_FORWARD')).toBe(false);
  console.log(engine.adapterInfo, `${engine.limits.maxStorageBufferBindingSize} bytes a binding`);
  engine.dispose();
});

test('errors that nobody caught are surfaced with the name of the shader', async () => {
  const engine = await createDevice();
  const heard: string[] = [];
  const stop = engine.onError((message) => heard.push(message));
  const shader = { name: 'test/broken', code: 'fn main() { this is no shader }' };
  const y = createOutput(engine.backend, [1]);
  dispatch(engine.backend, { shader, constants: {}, workgroups: [1, 1, 1] }, [], [y]);
  await engine.device.queue.onSubmittedWorkDone();
  await expect.poll(() => heard.length).toBeGreaterThan(0);
  expect(heard.join('\n')).toContain('test/broken');
  expect(engine.errors).toEqual(heard);
  stop();
  engine.dispose();
});

test('a lost device says so, and a new one computes', async () => {
  const engine = await createDevice();
  expect([...(await tf.square(tf.tensor1d([1, 2])).data())]).toEqual([1, 4]);
  engine.device.destroy();
  expect((await engine.lost).reason).toBe('destroyed');
  const next = await createDevice();
  expect(next.device).not.toBe(engine.device);
  expect([...(await tf.square(tf.tensor1d([3])).data())]).toEqual([9]);
  // The first engine's backend is gone already: disposing of it must not take the second one down.
  engine.dispose();
  expect([...(await tf.square(tf.tensor1d([4])).data())]).toEqual([16]);
  next.dispose();
  const last = await createDevice();
  expect([...(await tf.square(tf.tensor1d([5])).data())]).toEqual([25]);
  last.dispose();
});
