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

/** Forward: three parts of B L N vectors each; or the gradient to the query's and key's parts of qkv. */
export function rotaryProgram(pass: 'forward' | 'backward', shape: RotaryShape): Program {
  const constants = constantsOf(shape);
  return {
    shader: specialize(`rotary/${pass}`, pass === 'forward' ? forward : backward, {}),
    constants,
    workgroups: [Math.ceil(((pass === 'forward' ? 3 : 2) * constants['ROWS']) / group), 1, 1],
  };
}

/** The gradient to the value's part of qkv. */
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
