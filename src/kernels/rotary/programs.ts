// The shaders of the split into query, key and value with RMS norm and rotary positions, and its gradients.
// One variant: each head vector is read once or twice and there is nothing to stage.

import backward from '../../../shaders/rotary/backward.wgsl?raw';
import forward from '../../../shaders/rotary/forward.wgsl?raw';
import scaleProducts from '../../../shaders/rotary/scale_products.wgsl?raw';
import valueBackward from '../../../shaders/rotary/value_backward.wgsl?raw';
import type { Program } from '../../engine/bridge.ts';
import { specialize } from '../specialize.ts';
import { EPSILON } from './oracle.ts';
import type { RotaryShape } from './oracle.ts';

const group = 32;

function constantsOf({ batch, length, heads, width }: RotaryShape): Record<string, number> {
  return { ROWS: batch * length * heads, LENGTH: length, HEADS: heads, HALF: width / 8, EPSILON };
}

/** Query, key and value of qkv: three parts of B L N vectors each. */
export function rotaryForwardProgram(shape: RotaryShape): Program {
  const constants = constantsOf(shape);
  return {
    shader: specialize('rotary/forward', forward, {}),
    constants,
    workgroups: [Math.ceil((3 * constants['ROWS']) / group), 1, 1],
  };
}

/** Whether the gradient to qkv takes one pass: it binds nine buffers. */
export function takesOnePass({ limits }: GPUDevice): boolean {
  return limits.maxStorageBuffersPerShaderStage >= 9;
}

/** The gradient to the query's and key's parts of qkv, and in one pass to the value's as well. */
export function rotaryBackwardProgram(shape: RotaryShape, onePass: boolean): Program {
  const constants = constantsOf(shape);
  return {
    shader: specialize('rotary/backward', backward, { VALUE: Number(onePass) }),
    constants,
    workgroups: [Math.ceil(((onePass ? 3 : 2) * constants['ROWS']) / group), 1, 1],
  };
}

/** The gradient to the value's part of qkv, by itself. */
export function valueBackwardProgram({ batch, length, heads, width }: RotaryShape): Program {
  const token = (heads * width) / 4;
  const size = batch * length * token;
  return {
    shader: specialize('rotary/value_backward', valueBackward, {}),
    constants: { SIZE: size, TOKEN: token },
    workgroups: [Math.ceil(size / 64), 1, 1],
  };
}

/** The terms of the gradient to the query's scale (part 0) or the key's (part 1). */
export function scaleProductsProgram(part: 0 | 1, shape: RotaryShape): Program {
  const constants = constantsOf(shape);
  return {
    shader: specialize('rotary/scale_products', scaleProducts, {}),
    constants: { ...constants, PART: part },
    workgroups: [Math.ceil(constants['ROWS'] / group), 1, 1],
  };
}
