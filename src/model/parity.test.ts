// Parity with the PyTorch twin on the wasm backend, where the studio runs without a GPU.
import { afterAll, vi } from 'vitest';
import { createCpuBackend, createWasmBackend } from '../engine/device.ts';
import { openNano } from './nano-on-disk.ts';
import { testParity } from './parity-suite.ts';

vi.setConfig({ testTimeout: 300_000 });

testParity(async () => {
  await createWasmBackend();
  return openNano();
});

afterAll(createCpuBackend);
