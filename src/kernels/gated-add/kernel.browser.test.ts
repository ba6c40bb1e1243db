// x + gate y on the GPU against its oracle, forward and every gradient.

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
import { gatedAdd } from './kernel.ts';
import { gatedAddForward, gatedAddGateGradient, gatedAddValueGradient } from './oracle.ts';
import type { GatedShape } from './oracle.ts';

const tolerance = { ulp: 2, absolute: 2e-7 };
// A sum of L products: its error grows with L at most linearly.
const sumTolerance = (shape: GatedShape) => ({ ulp: 4, absolute: 2 ** -23 * shape.tokens });

armNegativeControl('gated_add/forward', { unit: 1.001 });

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

interface Results {
  values: Record<'x' | 'y' | 'gate' | 'dout', Float32Array>;
  out: Float32Array;
  gradients: Float32Array[];
}

async function run(shape: GatedShape, scale = 1): Promise<Results> {
  const { batch, tokens, channels } = shape;
  const size = batch * tokens * channels;
  const values = {
    x: testValues(1, size, scale),
    y: testValues(2, size, scale),
    gate: testValues(3, batch * channels),
    dout: testValues(4, size),
  };
  const video = (data: Float32Array): tf.Tensor => tf.tensor(data, [batch, tokens, channels]);
  const inputs = [video(values.x), video(values.y), tf.tensor(values.gate, [batch, channels])];
  const f = (x: tf.Tensor, y: tf.Tensor, gate: tf.Tensor): tf.Tensor => gatedAdd(x, y, gate);
  const out = gatedAdd(inputs[0], inputs[1], inputs[2]);
  const gradients = tf.grads(f)(inputs, video(values.dout));
  const read = async (tensor: tf.Tensor): Promise<Float32Array> => (await tensor.data()) as Float32Array;
  return { values, out: await read(out), gradients: await Promise.all(gradients.map(read)) };
}

test.each<[number, number, number, number]>([
  [1, 1, 1, 1],
  [2, 3, 5, 1],
  [2, 63, 64, 1],
  [1, 64, 63, 1],
  [3, 65, 68, 1],
  [2, 161, 256, 1],
  [2, 7, 12, 1e4],
])('[%i, %i, %i], values to %f', async (batch, tokens, channels, scale) => {
  const shape = { batch, tokens, channels };
  const { values, out, gradients } = await run(shape, scale);
  const { x, y, gate, dout } = values;
  const name = `gatedAdd [${batch}, ${tokens}, ${channels}]`;
  const scaled = { ulp: 2, absolute: 2e-7 * scale };
  assertClose(name, out, gatedAddForward(x, y, gate, shape), scaled);
  assertClose(`${name} dx`, gradients[0], dout, {});
  assertClose(`${name} dy`, gradients[1], gatedAddValueGradient(dout, gate, shape), tolerance);
  const sums = sumTolerance(shape);
  const wanted = gatedAddGateGradient(dout, y, shape);
  assertClose(`${name} dgate`, gradients[2], wanted, { ...sums, absolute: sums.absolute * scale });
});

test('NaN stays where it belongs', async () => {
  const x = tf.tensor([NaN, 1, 2, 3, 4, 5, 6, 7], [1, 2, 4]);
  const y = tf.tensor([0, NaN, 0, 0, 0, 0, 0, 0], [1, 2, 4]);
  const out = (await gatedAdd(x, y, tf.zeros([1, 4])).data()) as Float32Array;
  assertClose('gatedAdd NaN', out, [NaN, NaN, 2, 3, 4, 5, 6, 7], {});
});

test('refuses shapes that do not fit', () => {
  expect(() => gatedAdd(tf.zeros([1, 2, 3]), tf.zeros([1, 2, 3]), tf.zeros([2, 3]))).toThrow(/gate \[B, C\]/);
  const x = tf.zeros([1, 2, 3]);
  expect(() => gatedAdd(x, tf.zeros([1, 1, 3]), tf.zeros([1, 3]))).toThrow(/differ in shape/);
});

test('negative control: a gate off by a thousandth is noticed', async () => {
  const shape = { batch: 2, tokens: 9, channels: 8 };
  const { values } = await run(shape);
  const { x, y, gate, dout } = values;
  await withBrokenConstants('gated_add/forward', { unit: 1.001 }, async () => {
    assertNotClose('out', (await run(shape)).out, gatedAddForward(x, y, gate, shape), tolerance);
  });
  await withBrokenConstants('gated_add/gradient_y', { unit: 1.001 }, async () => {
    const wanted = gatedAddValueGradient(dout, gate, shape);
    assertNotClose('dy', (await run(shape)).gradients[1], wanted, tolerance);
  });
  await withBrokenConstants('gated_add/gradient_gate', { unit: 1.001 }, async () => {
    const wanted = gatedAddGateGradient(dout, y, shape);
    assertNotClose('dgate', (await run(shape)).gradients[2], wanted, sumTolerance(shape));
  });
});
