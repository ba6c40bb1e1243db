// Attention and its gradients by tfjs's own kernels: the scores of one head of one clip at a time.

import { concat, mul, reshape, slice, softmax, sub, sum, transpose, zeros } from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { product, productOfTransposed, productWithTransposed } from '../compose.ts';
import type { AttentionShape } from './oracle.ts';

/** [B, L, N, D] -> B N matrices [L, D]. */
function heads(x: Tensor): Tensor2D[] {
  const [batch, length, count, width] = x.shape;
  const rows = reshape(transpose(x, [0, 2, 1, 3]), [batch * count * length, width]);
  return Array.from({ length: batch * count }, (_, i) =>
    slice(rows as Tensor2D, [i * length, 0], [length, width]));
}

/** The inverse of `heads`. */
function together(parts: Tensor2D[], batch: number): Tensor {
  const [length, width] = parts[0].shape;
  return transpose(reshape(concat(parts, 0), [batch, parts.length / batch, length, width]), [0, 2, 1, 3]);
}

/** Output [B, Lq, N, D], and zeros for log-sum-exp [B, N, Lq]: the gradients below do without, and it would take long. */
export function attentionComposed(query: Tensor, key: Tensor, value: Tensor, shape: AttentionShape): [Tensor, Tensor] {
  const { batch, heads: count, queries, scale } = shape;
  const [keys, values] = [heads(key), heads(value)];
  const results = heads(mul(query, scale)).map((q, i) => {
    const share = softmax(productWithTransposed(q, keys[i]));
    return product(share, values[i]);
  });
  return [together(results, batch), zeros([batch, count, queries])];
}

/** Gradients to query, key and value. The shares are computed anew from the scores. */
export function attentionGradientsComposed(
  query: Tensor, key: Tensor, value: Tensor, dy: Tensor, shape: AttentionShape,
): [Tensor, Tensor, Tensor] {
  const { batch, scale } = shape;
  const [keys, values, dys] = [key, value, dy].map(heads);
  const results = heads(mul(query, scale)).map((q, i) => {
    const share = softmax(productWithTransposed(q, keys[i]));
    const change = productWithTransposed(dys[i], values[i]);
    const along = sum(mul(share, change), 1, true);
    const scores = mul(share, sub(change, along));
    return {
      query: mul(product(scores, keys[i]), scale),
      key: productOfTransposed(scores, q),
      value: productOfTransposed(share, dys[i]),
    };
  });
  return [
    together(results.map((result) => result.query as Tensor2D), batch),
    together(results.map((result) => result.key), batch),
    together(results.map((result) => result.value), batch),
  ];
}
