// What the compositions for tfjs's wasm backend share.
//
// That backend has one fast product, of two plain matrices; transposed or batched it falls back to loops that
// are ten times slower. So operands are transposed first, which costs little, and heads are taken one by one.

import { matMul, reshape, transpose } from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';

/** x [.., C] as a matrix [rows, C]. */
export function asRows(x: Tensor): Tensor2D {
  return reshape<Tensor2D['rankType']>(x, [-1, x.shape[x.shape.length - 1]]);
}

/** a [M, K] b [K, N] -> [M, N]. */
export function product(a: Tensor, b: Tensor): Tensor2D {
  return matMul(a as Tensor2D, b as Tensor2D);
}

/** a [M, K] b [N, K] -> [M, N]. */
export function productWithTransposed(a: Tensor, b: Tensor): Tensor2D {
  return product(a, transpose(b));
}

/** a [K, M] b [K, N] -> [M, N]. */
export function productOfTransposed(a: Tensor, b: Tensor): Tensor2D {
  return product(transpose(a), b);
}
