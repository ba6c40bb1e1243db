// The generator object on the cpu backend, tiny: seeds, batches, refusals, and that it keeps nothing.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test, vi } from 'vitest';
import { createCpuBackend } from '../engine/device.ts';
import { pixelsFromNetwork } from './autoencoder.ts';
import { latentShape } from './config.ts';
import { ClipGenerator, createModel, disposeModel } from './generator.ts';
import { randomParameters, tinyConfig } from './tiny-model.ts';
import { withWholeBodies } from './whole-bodies.ts';

vi.mock('./whole-bodies.ts', async (original) => {
  const actual = await original<typeof import('./whole-bodies.ts')>();
  return { ...actual, withWholeBodies: vi.fn(actual.withWholeBodies) };
});

const image = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 31) % 256);
const { size, height, width, channels } = latentShape(tinyConfig);

beforeAll(createCpuBackend);

function tinyModel(config = tinyConfig) {
  const parameters = randomParameters(config, 5);
  return createModel({ config, description: {}, parameters, hash: 'tiny', bytes: 0 });
}

test('a seed makes the same clip alone and in a batch; another seed another clip', async () => {
  const model = tinyModel();
  const generator = new ClipGenerator(model);
  const encoding = await generator.encode(image, 'rigid');
  expect(encoding.latent).toHaveLength(height * width * channels);
  const [first, second] = await generator.sample([encoding, encoding], [1, 2]);
  const [alone] = await generator.sample([encoding], [2]);
  expect(first).toHaveLength(size);
  expect(first).not.toEqual(second);
  alone.forEach((value, i) => expect(Math.abs(value - second[i])).toBeLessThan(1e-5));
  const frames = await generator.decode(encoding, first);
  expect(frames).toHaveLength(9 * 32 * 32 * 3);
  generator.dispose();
  disposeModel(model);
  expect(tf.memory().numTensors).toBe(0);
});

test('the model\'s own sampler is used unless another is asked for', async () => {
  const generator = new ClipGenerator(tinyModel({ ...tinyConfig, sampler: { method: 'euler', steps: 2, guidance: 1.5, temperature: 1 } }));
  const encoding = await generator.encode(image, 'rigid');
  const [own] = await generator.sample([encoding], [1]);
  const [same] = await generator.sample([encoding], [1], { sampler: { method: 'euler', steps: 2, guidance: 1.5, temperature: 1 } });
  const [other] = await generator.sample([encoding], [1], { sampler: { method: 'euler', steps: 3, guidance: 1, temperature: 1 } });
  expect(own).toEqual(same);
  expect(own).not.toEqual(other);
  const steps: number[] = [];
  await generator.generate(image, 'rigid', [1], {
    progress: (phase, _, of) => phase === 'sampling' && steps.push(of),
  });
  expect(new Set(steps)).toEqual(new Set([2]));
});

test('bodies get their shapes again where these last, by what the model knows to be behind them', async () => {
  const generator = new ClipGenerator(tinyModel());
  const rigid = await generator.encode(image, 'rigid');
  expect(rigid.background).toHaveLength(image.length);
  expect(pixelsFromNetwork(rigid.background!)).not.toEqual(image);
  const [latent] = await generator.sample([rigid], [1]);
  vi.mocked(withWholeBodies).mockClear();
  const plain = await generator.decode({ ...rigid, domain: 'fluid' }, latent);
  expect(withWholeBodies).not.toHaveBeenCalled();
  const shown = Uint8Array.of(7);
  vi.mocked(withWholeBodies).mockReturnValueOnce(shown);
  expect(await generator.decode(rigid, latent)).toBe(shown);
  expect(withWholeBodies).toHaveBeenCalledExactlyOnceWith(
    plain, image, pixelsFromNetwork(rigid.background!), tinyConfig.video);
  const { autoencoder } = tinyConfig;
  const without = new ClipGenerator(tinyModel({ ...tinyConfig, autoencoder: { ...autoencoder, refiner: null } }));
  expect((await without.encode(image, 'rigid')).background).toBeNull();
});

test('clips of several domains go in one batch, each under its own', async () => {
  const generator = new ClipGenerator(tinyModel());
  const rigid = await generator.encode(image, 'rigid');
  const fluid = { ...rigid, domain: 'fluid' as const };
  const [first, second] = await generator.sample([rigid, fluid], [1, 1]);
  const [alone] = await generator.sample([fluid], [1]);
  expect(first).not.toEqual(second);
  alone.forEach((value, i) => expect(Math.abs(value - second[i])).toBeLessThan(1e-5));
});

test('calls that overlap give what they give in turn, and keep nothing', async () => {
  const generator = new ClipGenerator(tinyModel());
  const other = image.map((level) => 255 - level);
  const make = (pixels: Uint8Array, seed: number) => generator.generate(pixels, 'rigid', [seed]);
  const inTurn = [await make(image, 1), await make(other, 2)];
  const tensors = tf.memory().numTensors;
  const together = await Promise.all([make(image, 1), make(other, 2)]);
  expect(together).toEqual(inTurn);
  expect(inTurn[0].clips[0].frames).not.toEqual(inTurn[1].clips[0].frames);
  expect(tf.memory().numTensors).toBe(tensors);
});

test('progress is told, and what it throws ends the work without blocking the next', async () => {
  const generator = new ClipGenerator(tinyModel());
  const told: string[] = [];
  const stopped = generator.generate(image, 'rigid', [1], {
    progress: (phase, step) => {
      told.push(`${phase} ${step}`);
      if (phase === 'sampling' && step === 1) throw new Error('enough');
    },
  });
  await expect(stopped).rejects.toThrow('enough');
  expect(told).toEqual(['encoding 0', 'sampling 0', 'sampling 1']);
  await expect(generator.encode(image, 'rigid')).resolves.toBeDefined();
  await expect(generator.encode(image.slice(3), 'rigid')).rejects.toThrow(/32 x 32 x 3/);
  await expect(generator.sample([], [])).rejects.toThrow(RangeError);
});
