// Scaled dot-product attention and its gradients in f64 by plain loops.
//
// query [B, Lq, N, D], key and value [B, Lk, N, D], flat and row-major -> output [B, Lq, N, D] and the
// log-sum-exp of each row of scores [B, N, Lq]. output = softmax(scale q k^T) v per batch and head.
// Gradients as in Dao et al., "FlashAttention" (arXiv:2205.14135), appendix B.2: with D_i = dO_i . O_i and
// P_ij = exp(S_ij - logSumExp_i), dS_ij = P_ij (dO_i . V_j - D_i). No mask, no dropout.

/** B, Lq, Lk, N and D, and the factor on the scores (1 / sqrt(D) as a rule). */
export interface AttentionShape {
  batch: number;
  queries: number;
  keys: number;
  heads: number;
  width: number;
  scale: number;
}

/** Output [B, Lq, N, D] and log-sum-exp [B, N, Lq]. */
export interface AttentionResult {
  output: Float64Array;
  logSumExp: Float64Array;
}

function dot(a: Float64Array, atA: number, b: Float64Array, atB: number, width: number): number {
  let sum = 0;
  for (let d = 0; d < width; d++) sum += a[atA + d] * b[atB + d];
  return sum;
}

/** Calls `row` for each (batch, head, query row) with the offsets of its query, first key and statistics. */
function forEachRow(
  { batch, queries, keys, heads, width }: AttentionShape,
  row: (queryAt: number, keysAt: number, statisticAt: number) => void,
): void {
  for (let b = 0; b < batch; b++) {
    for (let n = 0; n < heads; n++) {
      for (let i = 0; i < queries; i++) {
        row(((b * queries + i) * heads + n) * width, (b * keys * heads + n) * width, (b * heads + n) * queries + i);
      }
    }
  }
}

/** softmax(scale q k^T) v and the log-sum-exp of the scaled scores. */
export function attentionForward(
  query: ArrayLike<number>,
  key: ArrayLike<number>,
  value: ArrayLike<number>,
  shape: AttentionShape,
): AttentionResult {
  const { batch, queries, keys, heads, width, scale } = shape;
  const [q, k, v] = [query, key, value].map((values) => new Float64Array(values));
  const output = new Float64Array(q.length);
  const logSumExp = new Float64Array(batch * heads * queries);
  const scores = new Float64Array(keys);
  const stride = heads * width;
  forEachRow(shape, (queryAt, keysAt, statisticAt) => {
    let top = -Infinity;
    for (let j = 0; j < keys; j++) {
      scores[j] = scale * dot(q, queryAt, k, keysAt + j * stride, width);
      top = Math.max(top, scores[j]);
    }
    let total = 0;
    for (let j = 0; j < keys; j++) {
      scores[j] = Math.exp(scores[j] - top);
      total += scores[j];
    }
    for (let j = 0; j < keys; j++) {
      const p = scores[j] / total;
      const from = keysAt + j * stride;
      for (let d = 0; d < width; d++) output[queryAt + d] += p * v[from + d];
    }
    logSumExp[statisticAt] = top + Math.log(total);
  });
  return { output, logSumExp };
}

/** Gradients to query, key and value for an output gradient [B, Lq, N, D]. */
export function attentionGradients(
  query: ArrayLike<number>,
  key: ArrayLike<number>,
  value: ArrayLike<number>,
  result: { output: ArrayLike<number>; logSumExp: ArrayLike<number> },
  outputGradient: ArrayLike<number>,
  shape: AttentionShape,
): { query: Float64Array; key: Float64Array; value: Float64Array } {
  const { keys, heads, width, scale } = shape;
  const [q, k, v, o, go] = [query, key, value, result.output, outputGradient].map(
    (values) => new Float64Array(values),
  );
  const dq = new Float64Array(q.length);
  const dk = new Float64Array(k.length);
  const dv = new Float64Array(v.length);
  const stride = heads * width;
  forEachRow(shape, (queryAt, keysAt, statisticAt) => {
    const mean = dot(go, queryAt, o, queryAt, width);
    for (let j = 0; j < keys; j++) {
      const at = keysAt + j * stride;
      const p = Math.exp(scale * dot(q, queryAt, k, at, width) - result.logSumExp[statisticAt]);
      const ds = scale * p * (dot(go, queryAt, v, at, width) - mean);
      for (let d = 0; d < width; d++) {
        dq[queryAt + d] += ds * k[at + d];
        dk[at + d] += ds * q[queryAt + d];
        dv[at + d] += p * go[queryAt + d];
      }
    }
  });
  return { query: dq, key: dk, value: dv };
}
