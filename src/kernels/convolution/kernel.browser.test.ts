// Every variant of the causal convolution against the f64 oracle: forward and all gradients.

import { ones, tensor, tensor1d } from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import { armNegativeControl, assertNotClose, testValues, withBrokenConstants } from '../compare.ts';
import { columnSums } from '../linear/oracle.ts';
import { assertAllClose, take, ulpOfLargest, withGradients } from '../suite.ts';
import { forceVariant, productVariants } from '../variants.ts';
import { convolution } from './kernel.ts';
import {
  convolutionFilterGradient,
  convolutionForward,
  convolutionInputGradient,
  convolutionShape,
} from './oracle.ts';
import { forwardProgram } from './programs.ts';

const example = convolutionShape([1, 3, 5, 6, 8], [3, 3, 3, 8, 16], [1, 1, 1]);

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
  console.log('adapter:', engine.adapterInfo.vendor, engine.adapterInfo.architecture);
  armNegativeControl(forwardProgram(engine.device, example, true).shader.name, { GAIN: 1.001 });
});
afterEach(() => {
  forceVariant(null);
  expect(engine.errors).toEqual([]);
});
afterAll(() => engine.dispose());

const size = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

type Case = [x: number[], filter: number[], stride: [number, number, number]];
// One; odd; channels that are not multiples of 4 (then every variant is the general one); positions below, at
// and above a tile of 8 and of 32; strides; images.
const cases: Case[] = [
  [[1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1]],
  [[1, 1, 1, 1, 4], [3, 3, 3, 4, 4], [1, 1, 1]],
  [[2, 3, 5, 3, 3], [3, 3, 3, 3, 5], [1, 1, 1]],
  [[1, 1, 1, 7, 4], [1, 1, 3, 4, 8], [1, 1, 1]],
  [[1, 2, 2, 2, 8], [2, 2, 2, 8, 12], [1, 1, 1]],
  [[2, 1, 3, 3, 12], [1, 3, 3, 12, 20], [1, 1, 1]],
  [[1, 1, 1, 31, 16], [1, 1, 1, 16, 36], [1, 1, 1]],
  [[1, 3, 4, 11, 24], [3, 3, 3, 24, 12], [1, 1, 1]],
  [[1, 5, 5, 6, 8], [3, 3, 3, 8, 16], [2, 2, 2]],
  [[1, 4, 4, 3, 4], [3, 1, 3, 4, 4], [1, 2, 1]],
];
// Layers of the autoencoder and of the physical head, some with fewer frames or channels.
const modelCases: Case[] = [
  [[1, 3, 32, 32, 24], [3, 3, 3, 24, 12], [1, 1, 1]],
  [[1, 3, 32, 32, 32], [3, 3, 3, 32, 64], [2, 2, 2]],
  [[1, 2, 8, 8, 96], [1, 3, 3, 96, 96], [1, 1, 1]],
  [[1, 7, 8, 8, 96], [1, 1, 1, 96, 16], [1, 1, 1]],
  [[1, 1, 8, 8, 80], [1, 3, 3, 80, 16], [1, 1, 1]],
];

async function compare(x: number[], filter: number[], stride: [number, number, number]): Promise<void> {
  const shape = convolutionShape(x, filter, stride);
  const { channelsIn, channelsOut } = shape;
  const outputShape = [x[0], ...shape.output, channelsOut];
  const positions = size(outputShape) / channelsOut;
  const xs = testValues(1, size(x));
  const filters = testValues(2, size(filter));
  const bias = testValues(3, channelsOut);
  const dy = testValues(4, size(outputShape));
  const actual = withGradients(
    (a, b, c) => convolution(a, b, c, stride),
    [tensor(xs, x), tensor(filters, filter), tensor1d(bias)],
    tensor(dy, outputShape),
  );
  const taps = filter[0] * filter[1] * filter[2];
  await assertAllClose(`x [${x}] filter [${filter}] stride [${stride}]`, actual, [
    { name: 'y', values: convolutionForward(xs, filters, bias, shape), ulp: 2 * taps * channelsIn + 1 },
    { name: 'dX', values: convolutionInputGradient(dy, filters, shape), ulp: 2 * taps * channelsOut },
    { name: 'dFilter', values: convolutionFilterGradient(xs, dy, shape), ulp: 2 * positions },
    { name: 'dBias', values: columnSums(dy, positions, channelsOut), ulp: 2 * positions },
  ]);
}

describe.each(productVariants)('%s', (variant) => {
  // Other tiles, slow to compile, are of the staged one's program: of what is smaller than they, one case.
  // With fewer positions quad is the register variant.
  const chosen = cases.filter(([[, time, height, width]]) => {
    const positions = time * height * width;
    if (variant === 'quad') return positions >= 16;
    return !variant.startsWith('staged-') || positions > 64 || height === 2;
  });
  test.each(chosen)('x %j, filter %j, stride %j', async (x, filter, stride) => {
    forceVariant(variant);
    await compare(x, filter, stride);
  });

  test('an image alone gives the first frame of its clip', async () => {
    forceVariant(variant);
    const x = testValues(1, 3 * 4 * 4 * 8);
    const filter = tensor(testValues(2, 27 * 8 * 8), [3, 3, 3, 8, 8]);
    const clip = await take(convolution(tensor(x, [1, 3, 4, 4, 8]), filter));
    const image = await take(convolution(tensor(x.slice(0, 4 * 4 * 8), [1, 1, 4, 4, 8]), filter));
    expect(image).toEqual(clip.slice(0, image.length));
  });

  test('a NaN reaches only the outputs that read it', async () => {
    forceVariant(variant);
    const x = testValues(1, 2 * 8 * 4);
    x[(1 * 8 + 5) * 4] = NaN;
    const filter = tensor(testValues(2, 2 * 3 * 4 * 4), [2, 1, 3, 4, 4]);
    const y = await take(convolution(tensor(x, [1, 2, 1, 8, 4]), filter));
    const bits = new Uint32Array(y.buffer, y.byteOffset, y.length);
    bits.forEach((word, i) => {
      const position = Math.floor(i / 4);
      expect((word & 0x7fffffff) > 0x7f800000, `element ${i}`).toBe(position >= 8 + 4 && position <= 8 + 6);
    });
  });

  test('a wrong constant is noticed', async () => {
    forceVariant(variant);
    const x = testValues(1, 3 * 5 * 6 * 8);
    const filter = testValues(2, 27 * 8 * 16);
    const expected = convolutionForward(x, filter, null, example);
    const { shader } = forwardProgram(engine.device, example, false);
    await withBrokenConstants(shader.name, { GAIN: 1.001 }, async () => {
      const y = await take(convolution(tensor(x, [1, 3, 5, 6, 8]), tensor(filter, [3, 3, 3, 8, 16])));
      assertNotClose('convolution', y, expected, ulpOfLargest(2 * 27 * 8, expected));
    });
  });
});

describe.each(productVariants.filter((variant) => variant !== 'general'))('%s at shapes of the model', (variant) => {
  // Of 3 x 3 filters at few positions, one case for the other tiles.
  const chosen = variant.startsWith('staged-') ? modelCases.slice(0, 4) : modelCases;
  test.each(chosen)('x %j, filter %j, stride %j', async (x, filter, stride) => {
    forceVariant(variant);
    await compare(x, filter, stride);
  });
});

test('shapes that do not fit are refused', () => {
  const x = ones([1, 2, 3, 3, 4]);
  expect(() => convolution(x, ones([1, 1, 1, 5, 4]))).toThrow(/do not fit/);
  expect(() => convolution(x, ones([1, 1, 1, 4, 4]), ones([5]))).toThrow(/do not fit/);
  expect(() => convolution(x, ones([1, 1, 1, 4, 4]), null, [0, 1, 1])).toThrow(/do not fit/);
});
