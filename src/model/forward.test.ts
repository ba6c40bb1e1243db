// The networks on the cpu backend, tiny: shapes, causality, zero initialisation, adapters, independence of
// the batch. Parity with the PyTorch twin is tested on the GPU (parity.browser.test.ts).
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { createCpuBackend } from '../engine/device.ts';
import { normalArray } from '../math/normal.ts';
import {
  latentFromImage, latentFromVideo, networkFromPixels, pixelsFromNetwork, videoFromLatent,
} from './autoencoder.ts';
import { latentShape } from './config.ts';
import { parameter, MissingParameterError } from './layers.ts';
import type { Weights } from './layers.ts';
import { initialLora } from './lora.ts';
import { loraParameterShapes, physicsTokenCount } from './parameters.ts';
import { backboneFeatures, physicsTokens } from './physics-encoder.ts';
import { randomParameters, tinyConfig } from './tiny-model.ts';
import { domainTokens, rotaryTensors, timeFeatures, velocity } from './video-transformer.ts';
import type { RotaryTensors } from './video-transformer.ts';
import { tensorsFromValues } from './weights.ts';

const config = tinyConfig;
const { frames, generated, height, width, channels } = latentShape(config);
const tokens = physicsTokenCount(config);

let weights: Map<string, Tensor>;
let rotary: RotaryTensors;
beforeAll(async () => {
  await createCpuBackend();
  weights = tensorsFromValues(randomParameters(config, 3));
  rotary = rotaryTensors(config);
});

function random(shape: number[], seed: number): Tensor {
  return tf.tensor(normalArray(seed, 0, shape.reduce((a, b) => a * b, 1)), shape);
}

function videoOf(seed: number): Tensor {
  return tf.tanh(random([1, config.video.frames, config.video.height, config.video.width, 3], seed));
}

function inputs(batch: number, seed: number, from: Weights = weights) {
  return {
    noisy: random([batch, generated, height, width, channels], seed),
    imageLatent: random([batch, height, width, channels], seed + 1),
    physics: random([batch, tokens, config.transformer.width], seed + 2),
    domain: domainTokens(from, tf.fill([batch], 1, 'int32')),
    time: tf.tensor2d(timeFeatures(Array.from({ length: batch }, () => 0.3), config.transformer.timeWidth),
      [batch, config.transformer.timeWidth]),
    rotary,
  };
}

function largestDifference(a: Tensor, b: Tensor): number {
  return tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]);
}

test('autoencoder: shapes, and an image is the first frame of its clip', () => {
  const video = videoOf(1);
  const latent = latentFromVideo(config, weights, video);
  expect(latent.shape).toEqual([1, frames, height, width, channels]);
  const image = tf.reshape(tf.slice(video, [0, 0, 0, 0, 0], [1, 1, -1, -1, -1]),
    [1, config.video.height, config.video.width, 3]);
  const first = tf.slice(latent, [0, 0, 0, 0, 0], [1, 1, -1, -1, -1]);
  const alone = latentFromImage(config, weights, image);
  expect(largestDifference(tf.reshape(first, alone.shape), alone)).toBe(0);
  const decoded = videoFromLatent(config, weights, latent, image);
  expect(decoded.shape).toEqual(video.shape);
  expect(tf.max(tf.abs(decoded)).dataSync()[0]).toBeLessThanOrEqual(1);
});

test('autoencoder: later frames change nothing before them, encoding and decoding', () => {
  const video = videoOf(1);
  const other = tf.concat([tf.slice(video, [0, 0, 0, 0, 0], [1, 5, -1, -1, -1]),
    tf.slice(videoOf(2), [0, 5, 0, 0, 0], [1, 4, -1, -1, -1])], 1);
  const [a, b] = [latentFromVideo(config, weights, video), latentFromVideo(config, weights, other)];
  const early = (x: Tensor, count: number) => tf.slice(x, [0, 0, 0, 0, 0], [1, count, -1, -1, -1]);
  expect(largestDifference(early(a, 2), early(b, 2))).toBe(0);
  expect(largestDifference(a, b)).toBeGreaterThan(1e-3);
  const image = tf.reshape(early(video, 1), [1, config.video.height, config.video.width, 3]);
  const [x, y] = [videoFromLatent(config, weights, a, image), videoFromLatent(config, weights, b, image)];
  expect(largestDifference(early(x, 5), early(y, 5))).toBe(0);
  for (const without of [{ motionWidth: 0 }, { refiner: null }]) {
    const less = videoFromLatent({ ...config, autoencoder: { ...config.autoencoder, ...without } }, weights, a, image);
    expect(largestDifference(less, x), Object.keys(without)[0]).toBeGreaterThan(1e-3);
  }
});

test('pixels survive the way to network values and back', () => {
  const pixels = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(pixelsFromNetwork(networkFromPixels(pixels))).toEqual(pixels);
  expect(pixelsFromNetwork(Float32Array.of(-1.4, 1.2))).toEqual(Uint8Array.of(0, 255));
});

test('physics encoder: a map for every block, tokens at the generator\'s width', () => {
  const image = tf.tanh(random([2, config.video.height, config.video.width, 3], 5));
  const features = backboneFeatures(config, weights, image);
  expect(features.map(({ shape }) => shape)).toEqual([[2, tokens, 8], [2, tokens, 8]]);
  const made = physicsTokens(config, weights, features);
  expect(made.shape).toEqual([2, tokens, config.transformer.width]);
});

test('generator: velocity has the latent\'s shape, and clips of a batch do not see each other', () => {
  const both = inputs(2, 11);
  const whole = velocity(config, weights, both);
  expect(whole.shape).toEqual([2, generated, height, width, channels]);
  const second = (x: Tensor) => tf.slice(x, [1, ...x.shape.slice(1).map(() => 0)], [1, ...x.shape.slice(1)]);
  const alone = velocity(config, weights, {
    noisy: second(both.noisy), imageLatent: second(both.imageLatent), physics: second(both.physics),
    domain: second(both.domain), time: second(both.time), rotary,
  });
  expect(largestDifference(second(whole), alone)).toBeLessThan(1e-6);
});

test('generator: every condition counts', () => {
  const base = inputs(1, 21);
  const expected = velocity(config, weights, base);
  const changed = {
    imageLatent: random(base.imageLatent.shape, 31), physics: random(base.physics.shape, 32),
    domain: domainTokens(weights, tf.tensor1d([2], 'int32')), time: tf.zerosLike(base.time), noisy: random(base.noisy.shape, 33),
  };
  for (const [name, value] of Object.entries(changed)) {
    const difference = largestDifference(velocity(config, weights, { ...base, [name]: value }), expected);
    expect(difference, name).toBeGreaterThan(1e-4);
  }
});

test('generator: with modulation and final layer at zero, as training starts, the velocity is zero', () => {
  const values = new Map(randomParameters(config, 3));
  for (const [name, { shape, values: old }] of values) {
    const starts = name.includes('modulation') || name.startsWith('transformer.final.');
    if (starts) values.set(name, { shape, values: new Float32Array(old.length) });
  }
  const zeroed = tensorsFromValues(values);
  const out = velocity(config, zeroed, inputs(1, 41, zeroed));
  expect(largestDifference(out, tf.zerosLike(out))).toBe(0);
});

test('adapters: bit-equal to the base while one factor is zero, different once it is not', () => {
  const given = inputs(1, 51);
  const base = velocity(config, weights, given);
  const shapes = loraParameterShapes(config, 3);
  const values = initialLora(config, 3, 1);
  const adapter = (fill: number) => new Map([...shapes].map(([name, shape]): [string, Tensor] => {
    const array = values.get(name) ?? new Float32Array();
    return [name, tf.tensor(name.endsWith('.b') ? array.map(() => fill) : array, [...shape])];
  }));
  const fresh = velocity(config, weights, { ...given, lora: { weights: adapter(0), scale: 2 } });
  expect(largestDifference(base, fresh)).toBe(0);
  const trained = velocity(config, weights, { ...given, lora: { weights: adapter(0.1), scale: 2 } });
  expect(largestDifference(base, trained)).toBeGreaterThan(1e-3);
});

test('a forward pass names the parameter that it lacks', () => {
  expect(() => parameter(new Map(), 'head.output.bias')).toThrow(MissingParameterError);
});
