// RMS norm and rotary positions of queries and keys, and their gradients, by tfjs's own kernels. For each of the two:
// n = x / sqrt(mean(x^2) + epsilon), y = turn(n scale); the turn's transpose turns back.

import { add, concat, mean, mul, neg, reshape, rsqrt, split, square, sub, sum } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { asRows } from '../compose.ts';
import { EPSILON } from './oracle.ts';
import type { RotaryShape } from './oracle.ts';

/** Query, key and value of qkv [B, L, 3 N D], each [B, L, N, D]. */
function partsOf(qkv: Tensor, { batch, length, heads, width }: RotaryShape): Tensor[] {
  return split(qkv, 3, 2).map((part) => reshape(part, [batch, length, heads, width]));
}

/** x / sqrt(mean(x^2) + epsilon) over the last axis, and that factor. */
function normalised(x: Tensor): { normal: Tensor; inverse: Tensor } {
  const inverse = rsqrt(add(mean(square(x), 3, true), EPSILON));
  return { normal: mul(x, inverse), inverse };
}

/** Pairs (j, j + D / 2) of x [B, L, N, D] turned by angles whose cosine and sine are [L, D / 2]. */
function turned(x: Tensor, cos: Tensor, sin: Tensor): Tensor {
  const [, length, , width] = x.shape;
  const [c, s] = [cos, sin].map((angle) => reshape(angle, [1, length, 1, width / 2]));
  const [low, high] = split(x, 2, 3);
  return concat([sub(mul(low, c), mul(high, s)), add(mul(high, c), mul(low, s))], 3);
}

/** Query, key and value [B, L, N, D]. */
export function rotaryComposed(inputs: Tensor[], shape: RotaryShape): Tensor[] {
  const [qkv, queryScale, keyScale, cos, sin] = inputs;
  const [query, key, value] = partsOf(qkv, shape);
  const rotated = [[query, queryScale], [key, keyScale]].map(([x, scale]) =>
    turned(mul(normalised(x).normal, scale), cos, sin));
  return [...rotated, value];
}

/** The gradient to qkv from those to query, key and value. */
export function rotaryQkvGradientComposed(inputs: Tensor[], shape: RotaryShape): Tensor {
  const [qkv, queryScale, keyScale, cos, sin, queryGradient, keyGradient, valueGradient] = inputs;
  const [query, key] = partsOf(qkv, shape);
  const parts = [[query, queryScale, queryGradient], [key, keyScale, keyGradient]].map(([x, scale, dy]) => {
    const { normal, inverse } = normalised(x);
    const g = mul(turned(dy, cos, neg(sin)), scale);
    return mul(sub(g, mul(normal, mean(mul(g, normal), 3, true))), inverse);
  });
  const { batch, length, heads, width } = shape;
  return concat([...parts, valueGradient].map((part) => reshape(part, [batch, length, heads * width])), 2);
}

/** The gradient to the scale of query (part 0) or key (part 1). */
export function rotaryScaleGradientComposed(
  qkv: Tensor, cos: Tensor, sin: Tensor, dy: Tensor, part: 0 | 1, shape: RotaryShape,
): Tensor {
  const { normal } = normalised(partsOf(qkv, shape)[part]);
  return sum(asRows(mul(turned(dy, cos, neg(sin)), normal)), 0);
}
