// The GPU device and tfjs's backends over it.
//
// `createDevice` requests the adapter with its own maximum limits and the features our kernels can use,
// and registers tfjs's webgpu backend over that device. `createWasmBackend` makes the processor compute, where
// there is no GPU; `createCpuBackend` runs every operation through its f64 oracle, for tests. What it does not
// do: recover by itself from a lost device; it says so through `lost`, and a second createDevice starts over.

import {
  backend as activeBackend,
  env,
  findBackend,
  findBackendFactory,
  registerBackend,
  removeBackend,
  setBackend,
} from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { registerWasmSlices } from './wasm-slice.ts';

registerWasmSlices();

/** Why WebGPU cannot be used here. */
export type NoWebGPUReason = 'no navigator.gpu' | 'no adapter' | 'software adapter' | 'device request failed';

/** WebGPU is not there; `reason` says which step failed. */
export class NoWebGPUError extends Error {
  readonly reason: NoWebGPUReason;
  /** What is missing, as half a sentence. */
  readonly detail: string;

  constructor(reason: NoWebGPUReason, detail: string, cause?: unknown) {
    super(`WebGPU is not available (${reason}): ${detail}`, { cause });
    this.name = 'NoWebGPUError';
    this.reason = reason;
    this.detail = detail;
  }
}

/** What the adapter says of itself. */
export interface AdapterDescription {
  vendor: string;
  architecture: string;
  description: string;
  /** True for an adapter that computes on the CPU. */
  software: boolean;
  features: string[];
}

/** How a device was lost. */
export interface DeviceLoss {
  /** 'destroyed' by us, or 'unknown' (driver reset, power, crash). */
  reason: GPUDeviceLostReason;
  message: string;
}

/** A device with tfjs's webgpu backend registered and active over it. */
export interface EngineDevice {
  device: GPUDevice;
  adapterInfo: AdapterDescription;
  limits: GPUSupportedLimits;
  backend: WebGPUBackend;
  /** Resolves once, when the device is lost; every tensor on it is gone then. */
  lost: Promise<DeviceLoss>;
  /** Errors that no error scope caught (bad shaders, invalid bindings), in order. */
  errors: string[];
  /** Calls back for every such error; returns a function that stops it. */
  onError(listener: (message: string) => void): () => void;
  /** Removes the backend and destroys the device. */
  dispose(): void;
}

const wantedFeatures = ['timestamp-query', 'subgroups', 'shader-f16'];

const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** The adapter's, or no more than every WebGPU device has. */
export type Limits = 'adapter' | 'default';

async function requestAdapter(softwareOk: boolean): Promise<GPUAdapter> {
  const gpu = typeof navigator === 'undefined' ? undefined : navigator.gpu;
  if (!gpu) {
    throw new NoWebGPUError('no navigator.gpu', 'this browser, or this page without HTTPS, has no WebGPU.');
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    throw new NoWebGPUError('no adapter', 'the browser offers no GPU adapter.');
  }
  if (!softwareOk && isSoftware(adapter.info)) {
    throw new NoWebGPUError('software adapter', 'only an adapter that computes on the CPU is there.');
  }
  return adapter;
}

function isSoftware(info: GPUAdapterInfo): boolean {
  const names = `${info.architecture} ${info.description}`;
  return info.isFallbackAdapter || /swiftshader|llvmpipe|warp/i.test(names);
}

async function requestDevice(adapter: GPUAdapter, limits: Limits): Promise<GPUDevice> {
  const requiredFeatures = wantedFeatures.filter((name): name is GPUFeatureName =>
    adapter.features.has(name),
  );
  const raised = limits === 'adapter' ? wantedLimits : [];
  const requiredLimits = Object.fromEntries(raised.map((name) => [name, adapter.limits[name]]));
  try {
    return await adapter.requestDevice({ requiredFeatures, requiredLimits });
  } catch (cause) {
    throw new NoWebGPUError('device request failed', String(cause), cause);
  }
}

let registered: WebGPUBackend | null = null;

/**
 * Requests a device and makes tfjs's webgpu backend run on it, as the active backend.
 * `softwareOk` (default true) accepts adapters that compute on the CPU; `limits` (default the adapter's) is for tests.
 * Throws NoWebGPUError. Calling it again disposes of the backend before it, with all its tensors.
 */
export async function createDevice(options: { softwareOk?: boolean; limits?: Limits } = {}): Promise<EngineDevice> {
  const adapter = await requestAdapter(options.softwareOk ?? true);
  const device = await requestDevice(adapter, options.limits ?? 'adapter');
  const errors: string[] = [];
  const listeners = new Set<(message: string) => void>();
  device.addEventListener('uncapturederror', (event) => {
    const message = event.error.message;
    errors.push(message);
    console.error(message);
    listeners.forEach((listener) => listener(message));
  });

  const info = adapter.info;
  if (findBackendFactory('webgpu')) {
    removeBackend('webgpu');
  }
  registerBackend('webgpu', () => new WebGPUBackend(device, info), 3);
  env().set('WEBGPU_CPU_FORWARD', false);
  await setBackend('webgpu');
  const backend = activeBackend();
  if (!(backend instanceof WebGPUBackend)) {
    throw new NoWebGPUError('device request failed', 'tfjs did not take the device.');
  }
  registered = backend;
  return {
    device,
    adapterInfo: {
      vendor: info.vendor,
      architecture: info.architecture,
      description: info.description,
      software: isSoftware(info),
      features: [...device.features].sort(),
    },
    limits: device.limits,
    backend,
    lost: device.lost.then(({ reason, message }) => ({ reason, message })),
    errors,
    onError(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispose() {
      // A later createDevice has removed this backend already.
      if (registered === backend) {
        removeBackend('webgpu');
        registered = null;
      }
      device.destroy();
    },
  };
}

/** Makes tfjs's cpu backend the active one; our operations run through their f64 oracles there. */
export async function createCpuBackend(): Promise<void> {
  await setBackend('cpu');
}

/**
 * Makes tfjs's wasm backend the active one: the fastest way to compute without a GPU. One thread: more would need
 * scripts made at run time, which the page's content security policy refuses.
 * @param address of tfjs-backend-wasm-simd.wasm; in Node the package finds it by itself
 * Rejects when the browser has no WebAssembly with SIMD, or the file does not load.
 */
export async function createWasmBackend(address?: string): Promise<void> {
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (!(await env().getAsync('WASM_HAS_SIMD_SUPPORT'))) {
    throw new Error('This browser has no WebAssembly with SIMD.');
  }
  if (address !== undefined && findBackend('wasm') === null) {
    setWasmPaths({
      'tfjs-backend-wasm.wasm': address,
      'tfjs-backend-wasm-simd.wasm': address,
      'tfjs-backend-wasm-threaded-simd.wasm': address,
    });
  }
  if (!(await setBackend('wasm'))) throw new Error('The WebAssembly module of the engine did not load.');
}
