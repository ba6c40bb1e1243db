// The decoder's motion on the GPU, captured and replayed, against the oracles on the cpu backend.
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { capture } from '../engine/capture.ts';
import { createCpuBackend, createDevice } from '../engine/device.ts';
import type { EngineDevice } from '../engine/device.ts';
import { assertClose, assertNotClose, testValues } from '../kernels/compare.ts';
import { take } from '../kernels/suite.ts';
import { videoFromLatent } from './autoencoder.ts';
import { latentShape } from './config.ts';
import { createModel } from './generator.ts';
import { motionFromFeatures } from './motion.ts';
import { randomParameters, tinyConfig } from './tiny-model.ts';

const model = () =>
  createModel({ config: tinyConfig, description: {}, parameters: randomParameters(tinyConfig, 5), hash: 'tiny', bytes: 0 });
const { patch, decoderWidths } = tinyConfig.autoencoder;
const side = tinyConfig.video.height;
const featureShape = [2, 5, 8, 8, decoderWidths[1]];

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

/** Offsets and trust of random features and images on the active backend. */
async function motion(seed: number): Promise<Float32Array[]> {
  const { weights } = model();
  const features = tf.tensor(testValues(seed, featureShape.reduce((a, b) => a * b, 1)), featureShape);
  const image = tf.tensor(testValues(seed + 1, 2 * side * side * 3), [2, side, side, 3]);
  const { offsets, trust } = motionFromFeatures(patch, weights, features, image);
  expect(offsets.shape).toEqual([2, 9, side, side, 2]);
  expect(trust.shape).toEqual([2, 9, side, side, 1]);
  return Promise.all([offsets, trust].map(take));
}

/** Two clips decoded by one capture, the second by replay, on the active backend. */
async function decoded(): Promise<Float32Array[]> {
  const { weights } = model();
  const { frames, height, width, channels } = latentShape(tinyConfig);
  const shapes = [[1, frames, height, width, channels], [1, side, side, 3]];
  const values = (seed: number) => shapes.map((shape, i) => testValues(seed + i, shape.reduce((a, b) => a * b, 1)));
  const inputs = values(1).map((array, i) => tf.tensor(array, shapes[i]));
  const [latents, image] = inputs;
  const captured = capture('decode', inputs, () => [videoFromLatent(tinyConfig, weights, latents, image)]);
  const first = await captured.outputs[0].data<'float32'>();
  inputs.forEach((input, i) => captured.write(input, values(3)[i]));
  captured.replay();
  const second = await captured.outputs[0].data<'float32'>();
  captured.dispose();
  return [first, second];
}

async function onCpu<Result>(work: () => Promise<Result>): Promise<Result> {
  await createCpuBackend();
  const result = await work();
  await tf.setBackend('webgpu');
  return result;
}

test('offsets and trust equal the oracles\'', async () => {
  const expected = await onCpu(() => motion(1));
  const actual = await motion(1);
  ['offsets', 'trust'].forEach((name, i) => assertClose(name, actual[i], expected[i], { absolute: 1e-4 }));
  const [others] = await motion(7);
  assertNotClose('offsets of other features', others, expected[0], { absolute: 1e-4 });
});

test('a replayed decode moves the pixels of its own image', async () => {
  const expected = await onCpu(decoded);
  const actual = await decoded();
  actual.forEach((clip, i) => assertClose(`clip ${i}`, clip, expected[i], { absolute: 1e-4 }));
  assertNotClose('the other clip', actual[1], expected[0], { absolute: 1e-4 });
});
