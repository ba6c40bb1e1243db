// Parity with the PyTorch twin on the GPU.
import { afterAll, expect, vi } from 'vitest';
import { createDevice } from '../engine/device.ts';
import type { EngineDevice } from '../engine/device.ts';
import { readFixture } from './fixture.ts';
import { loadModel } from './generator.ts';
import { testParity } from './parity-suite.ts';

vi.setConfig({ testTimeout: 600_000 });
const folder = '/models/nano/';

let engine: EngineDevice;

testParity(async () => {
  engine = await createDevice();
  const bytes = await (await fetch(`${folder}fixture.safetensors`)).arrayBuffer();
  return { model: await loadModel(folder), fixture: readFixture(new Uint8Array(bytes)) };
});

afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});
