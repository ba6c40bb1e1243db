// The bridge on a real device: the fields it uses, its own dispatches in order with tfjs's, its refusals.

import * as tf from '@tensorflow/tfjs-core';
import webgpuPackage from '@tensorflow/tfjs-backend-webgpu/package.json';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backendMembers, createOutput, dispatch, flush, tfjsVersion } from './bridge.ts';
import type { Shader } from './bridge.ts';
import { createDevice } from './device.ts';
import type { EngineDevice } from './device.ts';

const scale: Shader = {
  name: 'test/scale',
  code: `
override size: u32;
override factor: f32 = 2.0;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < size) { y[id.x] = factor * x[id.x]; }
}`,
};
const increment: Shader = {
  name: 'test/increment',
  code: `
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) { x[id.x] = x[id.x] + 1.0; }`,
};

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
  const { vendor, architecture, software } = engine.adapterInfo;
  console.log(`adapter: ${vendor} ${architecture}${software ? ' (software)' : ''}`);
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

test('tfjs is the version whose internals are used', () => {
  expect(webgpuPackage.version).toBe(tfjsVersion);
  expect(tf.version_core).toBe(tfjsVersion);
});

test.each(backendMembers)('the backend has %s of type %s', (name, type) => {
  expect(name in engine.backend).toBe(true);
  expect(typeof Reflect.get(engine.backend, name)).toBe(type);
});

test('keeps order with programs of tfjs and uploads inputs from the CPU', async () => {
  const { backend } = engine;
  const x = tf.tensor1d([1, 2, 3, 4, 5]);
  for (let round = 0; round < 20; round++) {
    const sum = tf.add(x, round);
    const y = createOutput(backend, [5]);
    const constants = { size: 5, factor: 3 };
    dispatch(backend, { shader: scale, constants, workgroups: [1, 1, 1] }, [sum], [y]);
    const result = tf.sub(tf.engine().makeTensorFromTensorInfo(y), 1);
    sum.dispose();
    expect([...(await result.data())]).toEqual([1, 2, 3, 4, 5].map((value) => 3 * (value + round) - 1));
  }
});

test('an in-place update is seen by a second read', async () => {
  const { backend } = engine;
  const x = tf.variable(tf.tensor1d([1, 2]));
  const program = { shader: increment, constants: {}, workgroups: [2, 1, 1] } as const;
  dispatch(backend, program, [], [x]);
  expect([...(await x.data())]).toEqual([2, 3]);
  dispatch(backend, program, [], [x]);
  expect([...(await x.data())]).toEqual([3, 4]);
  flush(backend);
  flush(backend);
  expect([...(await x.data())]).toEqual([3, 4]);
});

test('refuses a buffer that is read and written in one dispatch', () => {
  const { backend } = engine;
  const x = tf.tensor1d([1, 2]);
  const program = { shader: scale, constants: { size: 2 }, workgroups: [1, 1, 1] } as const;
  expect(() => dispatch(backend, program, [x], [x])).toThrow(/test\/scale.*binding 1 and read at binding 0/);
});

test('refuses empty tensors, too many workgroups, disposed tensors and one name for two modules', () => {
  const { backend } = engine;
  const x = tf.tensor1d([1, 2]);
  const y = tf.tensor1d([1, 2]);
  const program = { shader: scale, constants: { size: 2 }, workgroups: [1, 1, 1] } as const;
  expect(() => dispatch(backend, program, [tf.zeros([0])], [y])).toThrow(/empty/);
  expect(() => dispatch(backend, { ...program, workgroups: [1e6, 1, 1] }, [x], [y])).toThrow(/workgroups/);
  const other = { name: scale.name, code: `${scale.code} ` };
  expect(() => dispatch(backend, { ...program, shader: other }, [x], [y])).toThrow(/both named/);
  x.dispose();
  expect(() => dispatch(backend, program, [x], [y])).toThrow(/disposed/);
});
