// x + gate y and its gradients by tfjs's own kernels.

import { add, expandDims, mul, sum } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** x + gate y; x, y [B, L, C], gate [B, C]. */
export function gatedAddComposed(x: Tensor, y: Tensor, gate: Tensor): Tensor {
  return add(x, gatedComposed(y, gate));
}

/** gate y, which is also the gradient to y from that of the sum. */
export function gatedComposed(y: Tensor, gate: Tensor): Tensor {
  return mul(y, expandDims(gate, 1));
}

/** The gradient to the gate, [B, C]. */
export function gateGradientComposed(dout: Tensor, y: Tensor): Tensor {
  return sum(mul(dout, y), 1);
}
