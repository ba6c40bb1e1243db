// Parity of both sizes with the PyTorch twin on the GPU.
import { afterAll, beforeAll, describe, expect, vi } from 'vitest';
import { createDevice } from '../engine/device.ts';
import type { EngineDevice } from '../engine/device.ts';
import { readFixture } from './fixture.ts';
import { loadModel } from './generator.ts';
import { testParity } from './parity-suite.ts';

vi.setConfig({ testTimeout: 600_000 });

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});

describe.each(['nano', 'small'])('%s', (size) => {
  testParity(async () => {
    const folder = `/models/${size}/`;
    const bytes = await (await fetch(`${folder}fixture.safetensors`)).arrayBuffer();
    return { model: await loadModel(folder), fixture: readFixture(new Uint8Array(bytes)) };
  }, { pair: size === 'nano' });
});

afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});
