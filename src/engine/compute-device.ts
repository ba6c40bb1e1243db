/**
 * What the model runs on: the GPU, or the processor where there is no GPU that computes.
 *
 * A software adapter would do the processor's work in a GPU's terms: on two cores a pair of clips took 5.5 seconds
 * on it and 1.3 through WebAssembly, so it is used only where it is asked for by name (for tests).
 */
import wasmAddress from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import { createDevice, createWasmBackend, NoWebGPUError } from './device.ts';
import type { AdapterDescription, EngineDevice } from './device.ts';

/**
 * What computes: `gpu`, `webgpu` (that, or else a software adapter), `wasm` (the processor) or `auto` (the GPU where
 * there is one, else the processor).
 */
export type EngineWish = 'auto' | 'gpu' | 'webgpu' | 'wasm';

/** What a host needs of a device. Without WebGPU's backend it counts no bytes of captures. */
export interface ComputeDevice extends Pick<EngineDevice, 'adapterInfo' | 'lost' | 'errors' | 'onError' | 'dispose'> {
  readonly backend: EngineDevice['backend'] | null;
  /** Why there is no GPU, as half a sentence; null where there is one. */
  readonly noGpu: string | null;
}

/** Opens the device that is wished for. Rejects with NoWebGPUError where there is none. */
export async function openComputeDevice(wish: EngineWish): Promise<ComputeDevice> {
  if (wish === 'wasm') return processor('the page was told to do without one.');
  try {
    const device = await createDevice({ softwareOk: wish === 'webgpu' });
    return { ...device, noGpu: null };
  } catch (error) {
    if (wish !== 'auto' || !(error instanceof NoWebGPUError)) throw error;
    return processor(error.detail, error);
  }
}

async function processor(noGpu: string, cause?: Error): Promise<ComputeDevice> {
  try {
    await createWasmBackend(wasmAddress);
  } catch (error) {
    // What could be done about a missing GPU is worth more than what could be about its stand-in.
    throw cause ?? error;
  }
  return {
    adapterInfo: {
      vendor: '', architecture: '', description: 'processor (WebAssembly)', software: false, features: [],
    },
    backend: null, noGpu, errors: [],
    // It cannot be lost, reports no errors of its own, and ends with the worker.
    lost: new Promise(() => {}), onError: () => () => {}, dispose() {},
  };
}

/** The adapter as a person would name it. */
export function adapterName({ vendor, architecture, description, software }: AdapterDescription): string {
  const parts = [vendor, architecture].filter((part) => part !== '').join(' ');
  const name = description || parts || 'unnamed adapter';
  return software ? `${name} (software)` : name;
}
