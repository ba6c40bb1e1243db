// silu and gelu and their derivatives by tfjs's own kernels. With s = sigmoid(u): f = x s, f' = s + x s (1 - s) u'.

import { add, mul, sigmoid, square, sub } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { cubic, twice } from './oracle.ts';
import type { Activation } from './oracle.ts';

function inner(kind: Activation, x: Tensor): Tensor {
  return kind === 'silu' ? x : mul(x, add(mul(square(x), twice * cubic), twice));
}

/** f(x), elementwise. */
export function activationComposed(kind: Activation, x: Tensor): Tensor {
  return mul(x, sigmoid(inner(kind, x)));
}

/** dy f'(x), elementwise. */
export function activationGradientComposed(kind: Activation, x: Tensor, dy: Tensor): Tensor {
  const gate = sigmoid(inner(kind, x));
  const tail = mul(mul(x, gate), sub(1, gate));
  const slope = kind === 'silu' ? tail : mul(tail, add(mul(square(x), 3 * twice * cubic), twice));
  return mul(dy, add(gate, slope));
}
