// The linear layer and its gradients by tfjs's own kernels.

import { add, mul, reshape, sum } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { activationComposed } from '../activation/composition.ts';
import { asRows, product, productOfTransposed, productWithTransposed } from '../compose.ts';

/** y = x W + b, through GELU if wanted, and the sum before it. */
export function linearComposed(x: Tensor, weight: Tensor, bias: Tensor | undefined, gelu: boolean): [Tensor, Tensor] {
  const [, columns] = weight.shape;
  const shape = [...x.shape.slice(0, -1), columns];
  const sums = product(asRows(x), weight);
  const before = reshape(bias ? add(sums, bias) : sums, shape);
  return [gelu ? activationComposed('gelu', before) : before, before];
}

/** y = x W + bias + scale (x A) B, and x A. */
export function adaptedLinearComposed(
  x: Tensor, weight: Tensor, bias: Tensor, a: Tensor, b: Tensor, scale: number,
): [Tensor, Tensor] {
  const rows = asRows(x);
  const down = product(rows, a);
  const up = product(down, b);
  const y = add(add(product(rows, weight), bias), scale === 1 ? up : mul(up, scale));
  const leading = x.shape.slice(0, -1);
  const [[, columns], [, rank]] = [weight.shape, a.shape];
  return [reshape(y, [...leading, columns]), reshape(down, [...leading, rank])];
}

/** dy W^T, and the residual if there is one. */
export function inputGradientComposed(dy: Tensor, weight: Tensor, residual?: Tensor): Tensor {
  const dx = reshape(productWithTransposed(asRows(dy), weight), [...dy.shape.slice(0, -1), weight.shape[0]]);
  return residual ? add(dx, residual) : dx;
}

/** x^T dy. */
export function weightGradientComposed(x: Tensor, dy: Tensor): Tensor {
  return productOfTransposed(asRows(x), asRows(dy));
}

/** Sums over all axes but the last. */
export function columnSumsComposed(matrix: Tensor): Tensor {
  return sum(asRows(matrix), 0);
}
