import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../engine/device.ts';
import type { EngineDevice } from '../engine/device.ts';
import { memory } from '../engine/profiler.ts';
import { sharesOf } from '../engine/roofline.ts';
import { randomParameters, tinyConfig } from '../model/tiny-model.ts';
import { latentShape } from '../model/config.ts';
import { physicsTokenCount } from '../model/parameters.ts';
import { profileModel } from './profile.ts';

let engine: EngineDevice;

beforeAll(async () => {
  engine = await createDevice();
});

afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

test('every piece of a pair of clips and of a step, with the arithmetic of its products', async () => {
  const file = { config: tinyConfig, parameters: randomParameters(tinyConfig, 1), description: {}, hash: '', bytes: 0 };
  const { peak, captures } = await profileModel(engine.backend, file);
  expect(captures.map(({ name }) => name))
    .toEqual(['encode-image', 'physics-tokens', 'velocity-2', 'decode', 'training-step']);
  const field = captures.find(({ name }) => name === 'velocity-2');
  const attention = field?.times.filter(({ kernel }) => kernel.includes('forward') && kernel.startsWith('attention/'));
  const { generated, height, width } = latentShape(tinyConfig);
  const { heads, width: channels, patch, blocks } = tinyConfig.transformer;
  const tokens = generated * height * width / patch ** 2 + physicsTokenCount(tinyConfig) + 1;
  expect(attention?.map(({ operations }) => operations))
    .toEqual(Array.from({ length: blocks }, () => 4 * 2 * heads * tokens ** 2 * (channels / heads)));
  const shares = sharesOf(captures.at(-1)?.times ?? [], peak);
  expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  expect(shares.some(({ kernel }) => kernel.startsWith('optimizer/'))).toBe(true);
  // Its model, state and captures are gone.
  expect(memory(engine.backend).captures).toBe(0);
  expect(memory(engine.backend).tensors).toBe(0);
});
