// AdamW and clipping on the GPU against their oracles.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import { measure } from '../../engine/profiler.ts';
import {
  armNegativeControl,
  assertClose,
  assertNotClose,
  testValues,
  withBrokenConstants,
} from '../compare.ts';
import { adamw, adamwDefaults, adamwSettings, adamwShader, clipFactor, squaresShader } from './kernel.ts';
import { adamwStep, clipByGlobalNorm } from './oracle.ts';

// Two divisions and a square root, 2.5 units each; the sums round at the size of their terms.
const toleranceFor = (scale: number) => ({ ulp: 12, absolute: 2e-7 * Math.max(1, scale) });

armNegativeControl(adamwShader(1, 4).name, { unit: 1.001 });

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

const options = { ...adamwDefaults, learningRate: 0.01 };
const read = async (tensor: tf.Tensor): Promise<Float32Array> => (await tensor.data()) as Float32Array;

const sizeOf = (shape: number[]): number => shape.reduce((product, length) => product * length, 1);
const part = (values: Float32Array, starts: number[], k: number): Float32Array => values.subarray(starts[k], starts[k + 1]);

// Three steps on the GPU; each is compared with the oracle's step from the GPU's own state.
async function steps(shapes: number[][], check: typeof assertClose, scale = 1): Promise<void> {
  const counts = shapes.map(sizeOf);
  const starts = [0];
  counts.forEach((count, k) => starts.push(starts[k] + count));
  const total = starts[counts.length];
  const initial = testValues(1, total, scale);
  const parameters = shapes.map((shape, k) => tf.variable(tf.tensor(part(initial, starts, k), shape)));
  const [first, second] = [tf.variable(tf.zeros([total])), tf.variable(tf.zeros([total]))];
  const tolerance = toleranceFor(scale);
  let state: Record<'parameter' | 'first' | 'second', Float32Array> = {
    parameter: initial,
    first: new Float32Array(total),
    second: new Float32Array(total),
  };
  for (let step = 1; step <= 3; step++) {
    const gradient = testValues(step + 1, total, scale);
    const settings = adamwSettings(options, step);
    adamw({
      parameters,
      first,
      second,
      gradients: shapes.map((shape, k) => tf.tensor(part(gradient, starts, k), shape)),
      settings: tf.tensor1d(settings),
      gradientScale: tf.tensor1d([0.5]),
    });
    const wanted = adamwStep(state, gradient, settings, 0.5);
    const moved = new Float32Array(total);
    for (const [k, parameter] of parameters.entries()) moved.set(await read(parameter), starts[k]);
    state = { parameter: moved, first: await read(first), second: await read(second) };
    check(`adamw [${shapes.join('] [')}] step ${step} parameter`, state.parameter, wanted.parameter, tolerance);
    assertClose(`adamw [${shapes.join('] [')}] step ${step} first`, state.first, wanted.first, tolerance);
    assertClose(`adamw [${shapes.join('] [')}] step ${step} second`, state.second, wanted.second, tolerance);
  }
  tf.dispose([parameters, first, second]);
}

// The last ones: more than go in one dispatch, of vectors; and one size among them that is none.
const many = [[4], [64, 96], [256], [260], [8], [16, 16], [4, 4], [300], [12], [1024], [20]];
const shapes = [
  [[1]], [[3, 5]], [[255]], [[256]], [[257]], [[64, 96]], [[4], [257], [8]], many, [...many, [3], [512]],
];
test.each(shapes.map((group) => [group]))('shapes %j', (group) => steps(group, assertClose));

test('large and tiny values', async () => {
  await steps([[33], [8]], assertClose, 1e4);
  await steps([[33], [8]], assertClose, 1e-4);
});

test('a NaN gradient reaches its own parameter only', async () => {
  const parameters = [tf.variable(tf.zeros([4])), tf.variable(tf.zeros([4]))];
  const [first, second] = [tf.variable(tf.zeros([8])), tf.variable(tf.zeros([8]))];
  adamw({
    parameters,
    first,
    second,
    gradients: [tf.tensor1d([1, 1, -1, 0]), tf.tensor1d([1, NaN, -1, 0])],
    settings: tf.tensor1d(adamwSettings(options, 1)),
    gradientScale: tf.tensor1d([1]),
  });
  assertClose('adamw beside NaN', await read(parameters[0]), [-0.01, -0.01, 0.01, 0], { relative: 1e-4 });
  assertClose('adamw NaN', await read(parameters[1]), [-0.01, NaN, 0.01, 0], { relative: 1e-4 });
  assertClose('first moment NaN', await read(first), [0.1, 0.1, -0.1, 0, 0.1, NaN, -0.1, 0], { relative: 1e-4 });
});

test('many parameters take few dispatches', async () => {
  const parameters = Array.from({ length: 48 }, () => tf.zeros([4]));
  const [first, second] = [tf.zeros([192]), tf.zeros([192])];
  const { dispatches } = await measure(engine.backend, () => adamw({
    parameters, first, second, gradients: parameters.map(() => tf.ones([4])),
    settings: tf.tensor1d(adamwSettings(options, 1)), gradientScale: tf.ones([1]),
  }));
  // tf.ones fills one buffer a gradient, and the factor's.
  expect(dispatches - 49).toBeLessThanOrEqual(24);
});

test('clipping by the global norm', async () => {
  // More than go in one dispatch; one group of vectors, one with an odd tensor in it.
  const sizes = [4, 256, 4096, 64, 1024, 8, 1, 255, 4100];
  const values = sizes.map((size, i) => testValues(1 + i, size, 1 + (i % 3)));
  const gradients = values.map((value) => tf.tensor1d(value));
  for (const maximum of [0, 1, 1e3]) {
    const { factor, norm } = clipFactor(gradients, maximum);
    const wanted = clipByGlobalNorm(values, maximum);
    assertClose(`norm, maximum ${maximum}`, await read(norm), [wanted.norm], { relative: 1e-6 });
    assertClose(`factor, maximum ${maximum}`, await read(factor), [wanted.factor], { relative: 1e-6 });
  }
});

test('refuses tensors that do not fit', () => {
  const x = tf.zeros([4]);
  const settings = tf.tensor1d(adamwSettings(options, 1));
  const gradientScale = tf.tensor1d([1]);
  const tensors = { parameters: [x], first: x, second: x, gradients: [x], settings, gradientScale };
  expect(() => adamw({ ...tensors, gradients: [tf.zeros([5])] })).toThrow(/parameter \[4\]/);
  expect(() => adamw({ ...tensors, parameters: [x, x] })).toThrow(/parameter \[4\] was given a tensor \[undefined\]/);
  expect(() => adamw({ ...tensors, second: tf.zeros([5]) })).toThrow(/4 elements of parameters were given 5 moments/);
  expect(() => adamw({ ...tensors, settings: tf.zeros([3]) })).toThrow(/settings have/);
  // One tensor for all of it would be written three times.
  expect(() => adamw(tensors)).toThrow(/one buffer is written/);
});

test('negative control: a wrong learning rate or norm is noticed', async () => {
  await withBrokenConstants(adamwShader(1, 4).name, { unit: 1.001 }, () => steps([[64]], assertNotClose, 0.01));
  await withBrokenConstants(squaresShader(1, 4).name, { unit: 1.001 }, async () => {
    const values = testValues(1, 64);
    const { norm } = clipFactor([tf.tensor1d(values)], 1);
    assertNotClose('norm', await read(norm), [clipByGlobalNorm([values], 1).norm], { relative: 1e-6 });
  });
});
