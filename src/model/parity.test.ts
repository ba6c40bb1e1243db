// Parity with the PyTorch twin on the wasm backend, where the studio runs without a GPU.
import { readFile } from 'node:fs/promises';
import { afterAll, vi } from 'vitest';
import { createCpuBackend, createWasmBackend } from '../engine/device.ts';
import { readFixture } from './fixture.ts';
import { loadModel } from './generator.ts';
import { testParity } from './parity-suite.ts';

vi.setConfig({ testTimeout: 300_000 });
const folder = 'public/models/nano';

testParity(async () => {
  await createWasmBackend();
  const model = await loadModel({
    description: await readFile(`${folder}/model.json`, 'utf8'),
    weights: await readFile(`${folder}/model.safetensors`),
  });
  return { model, fixture: readFixture(await readFile(`${folder}/fixture.safetensors`)) };
});

afterAll(createCpuBackend);
