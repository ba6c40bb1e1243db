// The preference loss against the PyTorch twin on the wasm backend, where the studio runs without a GPU.
import { afterAll, vi } from 'vitest';
import { createCpuBackend, createWasmBackend } from '../engine/device.ts';
import { openNano } from '../model/nano-on-disk.ts';
import { testPreferenceParity } from './parity-suite.ts';

vi.setConfig({ testTimeout: 300_000 });

testPreferenceParity(async () => {
  await createWasmBackend();
  return openNano();
});

afterAll(createCpuBackend);
