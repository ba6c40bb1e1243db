// RMS norm and rotary positions of queries and keys, and their gradients, in f64 by plain loops.
//
// qkv [B, L, 3 N D] (query, key, value; heads inside) -> query, key, value [B, L, N, D]. Per head vector x of
// query and key: n = x / sqrt(mean(x^2) + 1e-6) * scale, then pairs (j, j + D / 2) turn by the angle of (l, j):
// RoFormer (arXiv:2104.09864), "rotate half" layout. The value is copied. Angles come as cos, sin [L, D / 2].

/** Added to the mean square. */
export const EPSILON = 1e-6;

/** B, L, N and D. */
export interface RotaryShape {
  batch: number;
  length: number;
  heads: number;
  width: number;
}

/** The learned scales [D] and the positions' angles [L, D / 2]. */
export interface RotaryParameters {
  queryScale: ArrayLike<number>;
  keyScale: ArrayLike<number>;
  cos: ArrayLike<number>;
  sin: ArrayLike<number>;
}

/** Query, key and value, or their gradients, each [B, L, N, D]. */
export interface QueryKeyValue {
  query: ArrayLike<number>;
  key: ArrayLike<number>;
  value: ArrayLike<number>;
}

/** Calls `vector` for every head vector of a part with its offsets in qkv, in the part, and in the angles. */
export function forEachVector(
  { batch, length, heads, width }: RotaryShape,
  part: number,
  vector: (from: number, to: number, angle: number) => void,
): void {
  for (let token = 0; token < batch * length; token++) {
    for (let head = 0; head < heads; head++) {
      const from = ((token * 3 + part) * heads + head) * width;
      vector(from, (token * heads + head) * width, ((token % length) * width) / 2);
    }
  }
}

function inverseNorm(qkv: ArrayLike<number>, from: number, width: number): number {
  let squares = 0;
  for (let d = 0; d < width; d++) squares += qkv[from + d] ** 2;
  return 1 / Math.sqrt(squares / width + EPSILON);
}

/** Query, key and value of qkv. */
export function rotaryForward(
  qkv: ArrayLike<number>,
  { queryScale, keyScale, cos, sin }: RotaryParameters,
  shape: RotaryShape,
): { query: Float64Array; key: Float64Array; value: Float64Array } {
  const { width } = shape;
  const half = width / 2;
  const size = shape.batch * shape.length * shape.heads * width;
  const rotated = [queryScale, keyScale].map((scale, part) => {
    const output = new Float64Array(size);
    forEachVector(shape, part, (from, to, angle) => {
      const norm = inverseNorm(qkv, from, width);
      for (let j = 0; j < half; j++) {
        const low = qkv[from + j] * norm * scale[j];
        const high = qkv[from + half + j] * norm * scale[half + j];
        output[to + j] = low * cos[angle + j] - high * sin[angle + j];
        output[to + half + j] = high * cos[angle + j] + low * sin[angle + j];
      }
    });
    return output;
  });
  const value = new Float64Array(size);
  forEachVector(shape, 2, (from, to) => {
    for (let d = 0; d < width; d++) value[to + d] = qkv[from + d];
  });
  return { query: rotated[0], key: rotated[1], value };
}

/** Gradients to qkv and to the two scales, from those to query, key and value. */
export function rotaryGradients(
  qkv: ArrayLike<number>,
  { queryScale, keyScale, cos, sin }: RotaryParameters,
  outputGradients: QueryKeyValue,
  shape: RotaryShape,
): { qkv: Float64Array; queryScale: Float64Array; keyScale: Float64Array } {
  const { width } = shape;
  const half = width / 2;
  const gradient = new Float64Array(qkv.length);
  const { query, key, value } = outputGradients;
  const parts = [
    { scale: queryScale, dy: query },
    { scale: keyScale, dy: key },
  ];
  const scaleGradients = parts.map(({ scale, dy }, part) => {
    const sums = new Float64Array(width);
    const back = new Float64Array(width);
    forEachVector(shape, part, (from, to, angle) => {
      const norm = inverseNorm(qkv, from, width);
      for (let j = 0; j < half; j++) {
        back[j] = dy[to + j] * cos[angle + j] + dy[to + half + j] * sin[angle + j];
        back[half + j] = dy[to + half + j] * cos[angle + j] - dy[to + j] * sin[angle + j];
      }
      let along = 0;
      for (let d = 0; d < width; d++) {
        along += back[d] * scale[d] * qkv[from + d];
        sums[d] += back[d] * qkv[from + d] * norm;
      }
      const pull = (norm ** 3 * along) / width;
      for (let d = 0; d < width; d++) gradient[from + d] = norm * scale[d] * back[d] - pull * qkv[from + d];
    });
    return sums;
  });
  forEachVector(shape, 2, (from, to) => {
    for (let d = 0; d < width; d++) gradient[from + d] = value[to + d];
  });
  return { qkv: gradient, queryScale: scaleGradients[0], keyScale: scaleGradients[1] };
}
