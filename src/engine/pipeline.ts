// Compute pipelines for our own WGSL modules, cached per device.
//
// A shader is a whole WGSL module with its own bindings. Shapes and tuning enter through `override`
// constants, so a pipeline is keyed by (device, shader name, entry point, constants). Layout is 'auto'.
// This file knows nothing about tfjs.

/** A whole WGSL module. `name` identifies it: two modules with one name must have the same code. */
export interface Shader {
  name: string;
  code: string;
}

/** One dispatch: a module, the values of its `override` constants, and the number of workgroups. */
export interface Program {
  shader: Shader;
  constants: Record<string, number>;
  workgroups: readonly [number, number, number];
  /** Floating-point operations of a matrix product or a convolution; absent where memory decides the time. */
  operations?: number;
  /** Entry point of the module; `main` unless given. */
  entryPoint?: string;
}

const brokenConstants = new Map<string, Record<string, number>>();

/**
 * Negative control: every later dispatch of this shader runs with these `override` constants instead of
 * its own, until null is given. Constants that a program does not have are left out. Tests use it to show
 * that they notice a wrong kernel; nothing else calls it.
 */
export function breakConstants(shaderName: string, constants: Record<string, number> | null): void {
  if (constants) {
    brokenConstants.set(shaderName, constants);
  } else {
    brokenConstants.delete(shaderName);
  }
}

function constantsOf(program: Program): Record<string, number> {
  const broken = brokenConstants.get(program.shader.name);
  if (!broken) {
    return program.constants;
  }
  const replaced = Object.entries(broken).filter(([name]) => name in program.constants);
  return { ...program.constants, ...Object.fromEntries(replaced) };
}

interface DeviceCache {
  modules: Map<string, { code: string; module: GPUShaderModule }>;
  pipelines: Map<string, GPUComputePipeline>;
}

const caches = new WeakMap<GPUDevice, DeviceCache>();

function cacheOf(device: GPUDevice): DeviceCache {
  let cache = caches.get(device);
  if (!cache) {
    cache = { modules: new Map(), pipelines: new Map() };
    caches.set(device, cache);
  }
  return cache;
}

function pipelineKey(program: Program, values: Record<string, number>): string {
  const constants = Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return `${program.shader.name}|${program.entryPoint ?? 'main'}|${constants.join(',')}`;
}

function moduleOf(device: GPUDevice, cache: DeviceCache, shader: Shader): GPUShaderModule {
  const known = cache.modules.get(shader.name);
  if (known) {
    if (known.code !== shader.code) {
      throw new Error(`Two different WGSL modules are both named '${shader.name}'.`);
    }
    return known.module;
  }
  const module = device.createShaderModule({ code: shader.code, label: shader.name });
  cache.modules.set(shader.name, { code: shader.code, module });
  return module;
}

/**
 * The compute pipeline of a program, compiled at first use.
 * Compilation errors reach the device's `uncapturederror` event, labelled with the shader's name.
 */
export function pipelineOf(device: GPUDevice, program: Program): GPUComputePipeline {
  const cache = cacheOf(device);
  const constants = constantsOf(program);
  const key = pipelineKey(program, constants);
  let pipeline = cache.pipelines.get(key);
  if (!pipeline) {
    const module = moduleOf(device, cache, program.shader);
    const entryPoint = program.entryPoint ?? 'main';
    pipeline = device.createComputePipeline({
      label: key,
      layout: 'auto',
      compute: { module, entryPoint, constants },
    });
    cache.pipelines.set(key, pipeline);
  }
  return pipeline;
}

/**
 * Workgroup counts for `count` workgroups in a row, folded into two dimensions where one is too short.
 * The shader's flat index is `workgroup_id.y * num_workgroups.x + workgroup_id.x`; surplus
 * workgroups must return without writing.
 */
export function flatWorkgroups(device: GPUDevice, count: number): readonly [number, number, number] {
  const limit = device.limits.maxComputeWorkgroupsPerDimension;
  if (count <= limit) {
    return [Math.max(1, count), 1, 1];
  }
  const rows = Math.ceil(count / limit);
  return [Math.ceil(count / rows), rows, 1];
}
