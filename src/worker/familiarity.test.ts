// The gauge of strangeness, on features that are made up.
import { beforeAll, expect, test } from 'vitest';
import { createCpuBackend } from '../engine/device.ts';
import type { Domain } from '../model/config.ts';
import { createModel } from '../model/generator.ts';
import { physicsTokenCount } from '../model/parameters.ts';
import { randomParameters, tinyConfig } from '../model/tiny-model.ts';
import { createWorld } from '../world/world.ts';
import { Familiarity, pooledFeatures, strangeness } from './familiarity.ts';

beforeAll(createCpuBackend);

test('features are averaged over the image, level by level', () => {
  const { blocks, width } = tinyConfig.backbone;
  const tokens = 16;
  const features = Float32Array.from({ length: blocks * tokens * width }, (_, i) =>
    Math.floor(i / (tokens * width)) * 10 + (i % width) + (Math.floor(i / width) % tokens === 0 ? 16 : 0));
  const pooled = pooledFeatures(tinyConfig, features);
  expect(pooled).toHaveLength(blocks * width);
  expect(pooled[0]).toBeCloseTo(1, 9);
  expect(pooled[width + 3]).toBeCloseTo(14, 9);
});

test('an image among the scenes is not strange, one far away is', () => {
  const known = [[0, 0], [1, 0], [0, 2]].map((point) => Float64Array.from(point));
  expect(strangeness(Float64Array.of(0.5, 0), known)).toBeCloseTo(0.25, 9);
  expect(strangeness(Float64Array.of(20, 0), known)).toBeCloseTo(9.5, 9);
});

test('the known scenes are encoded once, with progress; a stop keeps those that are done', async () => {
  let encoded = 0;
  const generator = {
    model: createModel({
      config: tinyConfig, parameters: randomParameters(tinyConfig, 1), description: {}, hash: '', bytes: 0,
    }),
    /** Features that tell scenes by their first pixel. */
    async encode(image: Uint8Array, domain: Domain) {
      encoded += 1;
      const size = tinyConfig.backbone.blocks * physicsTokenCount(tinyConfig) * tinyConfig.backbone.width;
      const features = new Float32Array(size).fill(image[0]);
      return { image, domain, latent: new Float32Array(), features, background: null };
    },
  };
  const familiarity = new Familiarity(await createWorld(), ['free-fall', 'slide']);
  const white = await generator.encode(new Uint8Array(64 * 64 * 3).fill(255), 'none');
  encoded = 0;
  const stopped = familiarity.noteFor(white, generator, (done) => {
    if (done === 5) throw new Error('cancelled');
  });
  await expect(stopped).rejects.toThrow('cancelled');
  expect(encoded).toBe(5);
  const told: number[] = [];
  await familiarity.noteFor(white, generator, (done, total) => told.push(done / total));
  expect(told).toEqual([5, 6, 7, 8, 9, 10, 11, 12].map((done) => done / 12));
  expect(encoded).toBe(12);
  await familiarity.noteFor(white, generator);
  expect(encoded).toBe(12);
});
