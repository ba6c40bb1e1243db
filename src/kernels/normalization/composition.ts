// Layer norm with modulation and its gradients by tfjs's own kernels. n = (x - mean) / sqrt(var + epsilon).

import { add, concat, mean, mul, reshape, rsqrt, split, square, sub, sum } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { asRows } from '../compose.ts';
import { epsilon } from './oracle.ts';

/** x as [groups, rows of a group, C]; a row [groups, C] that belongs to it as [groups, 1, C]. */
function grouped(x: Tensor, groups: number): Tensor {
  return reshape(x, [groups, -1, x.shape[x.shape.length - 1]]);
}

function columns(statistics: Tensor): [Tensor, Tensor] {
  const [centre, inverse] = split(statistics, 2, 1);
  return [centre, inverse];
}

/** y like x, and (mean, 1 / sqrt(var + epsilon)) of each row. */
export function layerNormComposed(x: Tensor, scale: Tensor, shift: Tensor): [Tensor, Tensor] {
  const rows = asRows(x);
  const centre = mean(rows, 1, true);
  const centred = sub(rows, centre);
  const inverse = rsqrt(add(mean(square(centred), 1, true), epsilon));
  const groups = scale.shape[0];
  const normal = grouped(mul(centred, inverse), groups);
  const y = add(mul(normal, grouped(add(scale, 1), groups)), grouped(shift, groups));
  return [reshape(y, x.shape), concat([centre, inverse], 1)];
}

/** inverse (g - mean(g) - n mean(g n)) with g = dy (1 + scale). */
export function layerNormInputGradientComposed(x: Tensor, scale: Tensor, statistics: Tensor, dy: Tensor): Tensor {
  const [centre, inverse] = columns(statistics);
  const groups = scale.shape[0];
  const normal = mul(sub(asRows(x), centre), inverse);
  const g = asRows(mul(grouped(dy, groups), grouped(add(scale, 1), groups)));
  const inner = sub(sub(g, mean(g, 1, true)), mul(normal, mean(mul(g, normal), 1, true)));
  return reshape(mul(inner, inverse), x.shape);
}

/** Sums over a group's rows of dy n (to scale) or dy (to shift), [groups, C]. */
export function modulationGradientComposed(
  x: Tensor, statistics: Tensor, dy: Tensor, groups: number, ofScale: boolean,
): Tensor {
  if (!ofScale) return sum(grouped(dy, groups), 1);
  const [centre, inverse] = columns(statistics);
  const terms = mul(asRows(dy), mul(sub(asRows(x), centre), inverse));
  return sum(grouped(terms, groups), 1);
}
