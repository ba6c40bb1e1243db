// The gauge of strangeness, on features that are made up.
import { expect, test } from 'vitest';
import { tinyConfig } from '../model/tiny-model.ts';
import { pooledFeatures, strangeness } from './familiarity.ts';

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
