// The modulations of a block on the GPU against their oracle, forward and gradients.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import {
  armNegativeControl, assertClose, assertNotClose, testValues, withBrokenConstants,
} from '../compare.ts';
import { modulation } from './kernel.ts';
import {
  modulationForward, modulationParts, modulationSharedGradient, modulationTableGradient,
} from './oracle.ts';
import type { ModulationShape } from './oracle.ts';

const tolerance = { ulp: 1, absolute: 1e-7 };

armNegativeControl('modulation/forward', { unit: 1.001 });

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

const read = async (tensor: tf.Tensor): Promise<Float32Array> => (await tensor.data()) as Float32Array;

function inputsOf({ batch, channels }: ModulationShape): { shared: Float32Array; table: Float32Array } {
  const across = modulationParts * channels;
  return { shared: testValues(1, batch * across), table: testValues(2, across) };
}

async function parts(shape: ModulationShape): Promise<Float32Array[]> {
  const { shared, table } = inputsOf(shape);
  const made = modulation(tf.tensor(shared, [shape.batch, shared.length / shape.batch]), tf.tensor(table));
  return Promise.all(made.map(read));
}

test.each<[number, number]>([
  [1, 1],
  [2, 3],
  [3, 64],
  [2, 256],
  [1, 260],
])('[%i, 6 x %i]', async (batch, channels) => {
  const shape = { batch, channels };
  const { shared, table } = inputsOf(shape);
  const expected = modulationForward(shared, table, shape);
  (await parts(shape)).forEach((part, i) => assertClose(`part ${i}`, part, expected[i], tolerance));
  const weights = Array.from({ length: modulationParts }, (_, i) => testValues(3 + i, batch * channels));
  const loss = (x: tf.Tensor, y: tf.Tensor): tf.Scalar =>
    tf.addN(modulation(x, y).map((part, i) =>
      tf.sum(tf.mul(part, tf.tensor(weights[i], [batch, channels]))))) as tf.Scalar;
  const [dShared, dTable] = tf.grads(loss)([
    tf.tensor(shared, [batch, modulationParts * channels]), tf.tensor(table, [1, modulationParts * channels])]);
  assertClose('dshared', await read(dShared), modulationSharedGradient(weights, shape), tolerance);
  assertClose('dtable', await read(dTable), modulationTableGradient(weights, shape), { ulp: 4, absolute: 1e-6 });
  expect(dTable.shape).toEqual([1, modulationParts * channels]);
});

test('NaN stays where it belongs', async () => {
  const shared = new Float32Array(12);
  shared[3] = NaN;
  const made = await Promise.all(modulation(tf.tensor(shared, [1, 12]), tf.zeros([12])).map(read));
  assertClose('part 1', made[1], [0, NaN], {});
  [0, 2, 3, 4, 5].forEach((part) => assertClose(`part ${part}`, made[part], [0, 0], {}));
});

test('refuses shapes that do not fit', () => {
  expect(() => modulation(tf.zeros([1, 7]), tf.zeros([7]))).toThrow(/6 C/);
  expect(() => modulation(tf.zeros([1, 12]), tf.zeros([6]))).toThrow(/as many elements/);
});

test('negative control: a table off by a thousandth is noticed', async () => {
  const shape = { batch: 2, channels: 8 };
  const { shared, table } = inputsOf(shape);
  await withBrokenConstants('modulation/forward', { unit: 1.001 }, async () => {
    const made = await parts(shape);
    assertNotClose('part 0', made[0], modulationForward(shared, table, shape)[0], tolerance);
  });
});
