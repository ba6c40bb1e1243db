// The preference loss against the PyTorch twin on the GPU, with matrices of halves, as GPUs have them.
import { afterAll, expect, vi } from 'vitest';
import { createDevice } from '../engine/device.ts';
import type { EngineDevice } from '../engine/device.ts';
import { readFixture } from '../model/fixture.ts';
import { loadModel } from '../model/generator.ts';
import { forceHalves, isHalves } from '../kernels/linear/halves.ts';
import { testPreferenceParity } from './parity-suite.ts';

vi.setConfig({ testTimeout: 600_000 });
const folder = '/models/nano/';

let engine: EngineDevice;

testPreferenceParity(async () => {
  engine = await createDevice();
  const bytes = await (await fetch(`${folder}fixture.safetensors`)).arrayBuffer();
  forceHalves(true);
  const model = await loadModel(folder);
  // All of the transformer's, and none of the head's, which is trained.
  const stored = [...model.weights].filter(([, tensor]) => isHalves(tensor)).map(([name]) => name);
  expect(stored.filter((name) => name.startsWith('transformer.'))).toHaveLength(4 * model.config.transformer.blocks + 6);
  expect(stored.filter((name) => name.startsWith('head.'))).toEqual([]);
  return { model, fixture: readFixture(new Uint8Array(bytes)) };
});

afterAll(() => {
  forceHalves(false);
  expect(engine.errors).toEqual([]);
  engine.dispose();
});
