// The preference loss against the PyTorch twin on the GPU.
import { afterAll, expect, vi } from 'vitest';
import { createDevice } from '../engine/device.ts';
import type { EngineDevice } from '../engine/device.ts';
import { readFixture } from '../model/fixture.ts';
import { loadModel } from '../model/generator.ts';
import { testPreferenceParity } from './parity-suite.ts';

vi.setConfig({ testTimeout: 600_000 });
const folder = '/models/nano/';

let engine: EngineDevice;

testPreferenceParity(async () => {
  engine = await createDevice();
  const bytes = await (await fetch(`${folder}fixture.safetensors`)).arrayBuffer();
  return { model: await loadModel(folder), fixture: readFixture(new Uint8Array(bytes)) };
});

afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});
