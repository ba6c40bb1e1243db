// Dispatch of shaders that treat each element, or each vec4 of elements, alike.
//
// Such a module is written over `alias Value = vec4<f32>;` and addresses arrays of Value. Where the
// contiguous dimension is not a multiple of 4 the same module is compiled with `alias Value = f32;`. One
// thread computes one Value. What it does not do: broadcast, or split dispatches.

import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatch, flatWorkgroups } from '../engine/bridge.ts';
import type { Shader, WebGPUBackend } from '../engine/bridge.ts';

/** Elements in a Value: 4 where `contiguous` elements allow it. */
export function vectorWidth(contiguous: number): 1 | 4 {
  return contiguous % 4 === 0 ? 4 : 1;
}

/** The module for this vector width. `name` is that of the vec4 module. */
export function vectorized(name: string, source: string, width: 1 | 4): Shader {
  if (width === 4) {
    return { name, code: source };
  }
  const code = source
    .replace('alias Value = vec4<f32>;', 'alias Value = f32;')
    .replace('return dot(value, Value(1.0));', 'return value;');
  return { name: `${name}/scalar`, code };
}

const groupSize = 64;

/**
 * One thread per Value. The module has `override size: u32` (Values in the output, given here), a workgroup
 * size of 64 and the flat index `(workgroup_id.y * num_workgroups.x + workgroup_id.x) * 64 + local index`.
 */
export function dispatchElementwise(
  backend: WebGPUBackend,
  shader: Shader,
  size: number,
  constants: Record<string, number>,
  inputs: TensorInfo[],
  outputs: TensorInfo[],
): void {
  const workgroups = flatWorkgroups(backend.device, Math.ceil(size / groupSize));
  dispatch(backend, { shader, constants: { ...constants, size }, workgroups }, inputs, outputs);
}
