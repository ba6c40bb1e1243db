// AdamW and clipping on the GPU against their oracles.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import {
  armNegativeControl,
  assertClose,
  assertNotClose,
  testValues,
  withBrokenConstants,
} from '../compare.ts';
import { adamw, adamwDefaults, adamwSettings, clipFactor, squaresShader } from './kernel.ts';
import { adamwStep, clipByGlobalNorm } from './oracle.ts';

// Two divisions and a square root, 2.5 units each; the sums round at the size of their terms.
const toleranceFor = (scale: number) => ({ ulp: 12, absolute: 2e-7 * Math.max(1, scale) });

armNegativeControl('optimizer/adamw', { unit: 1.001 });

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

// Three steps on the GPU; each is compared with the oracle's step from the GPU's own state.
async function steps(shape: number[], check: typeof assertClose, scale = 1): Promise<void> {
  const count = shape.reduce((product, length) => product * length, 1);
  const parameter = tf.variable(tf.tensor(testValues(1, count, scale), shape));
  const first = tf.variable(tf.zeros(shape));
  const second = tf.variable(tf.zeros(shape));
  const tolerance = toleranceFor(scale);
  let state: Record<'parameter' | 'first' | 'second', Float32Array> = {
    parameter: testValues(1, count, scale),
    first: new Float32Array(count),
    second: new Float32Array(count),
  };
  for (let step = 1; step <= 3; step++) {
    const gradient = testValues(step + 1, count, scale);
    const settings = adamwSettings(options, step);
    adamw({
      parameter,
      first,
      second,
      gradient: tf.tensor(gradient, shape),
      settings: tf.tensor1d(settings),
      gradientScale: tf.tensor1d([0.5]),
    });
    const wanted = adamwStep(state, gradient, settings, 0.5);
    state = { parameter: await read(parameter), first: await read(first), second: await read(second) };
    check(`adamw [${shape}] step ${step} parameter`, state.parameter, wanted.parameter, tolerance);
    assertClose(`adamw [${shape}] step ${step} first`, state.first, wanted.first, tolerance);
    assertClose(`adamw [${shape}] step ${step} second`, state.second, wanted.second, tolerance);
  }
  tf.dispose([parameter, first, second]);
}

const shapes = [[1], [3, 5], [255], [256], [257], [64, 96]];
test.each(shapes.map((shape) => [shape]))('shape [%s]', (shape) => steps(shape, assertClose));

test('large and tiny values', async () => {
  await steps([33], assertClose, 1e4);
  await steps([33], assertClose, 1e-4);
});

test('a NaN gradient reaches its own parameter only', async () => {
  const zeros = (): tf.Variable => tf.variable(tf.zeros([4]));
  const parameter = zeros();
  adamw({
    parameter,
    first: zeros(),
    second: zeros(),
    gradient: tf.tensor1d([1, NaN, -1, 0]),
    settings: tf.tensor1d(adamwSettings(options, 1)),
    gradientScale: tf.tensor1d([1]),
  });
  assertClose('adamw NaN', await read(parameter), [-0.01, NaN, 0.01, 0], { relative: 1e-4 });
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
  const tensors = { parameter: x, first: x, second: x, gradient: x, settings, gradientScale };
  expect(() => adamw({ ...tensors, gradient: tf.zeros([5]) })).toThrow(/parameter \[4\]/);
  expect(() => adamw({ ...tensors, settings: tf.zeros([3]) })).toThrow(/settings have/);
  // One tensor for all of it would be written three times.
  expect(() => adamw(tensors)).toThrow(/one buffer is written/);
});

test('negative control: a wrong learning rate or norm is noticed', async () => {
  await withBrokenConstants('optimizer/adamw', { unit: 1.001 }, () => steps([64], assertNotClose, 0.01));
  await withBrokenConstants(squaresShader(1, 4).name, { unit: 1.001 }, async () => {
    const values = testValues(1, 64);
    const { norm } = clipFactor([tf.tensor1d(values)], 1);
    assertNotClose('norm', await read(norm), [clipByGlobalNorm([values], 1).norm], { relative: 1e-6 });
  });
});
