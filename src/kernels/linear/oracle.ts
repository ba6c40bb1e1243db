// Linear layer y = activation(x W + b), its gradients, and GELU, in f64 by plain loops.
//
// x [M, K], W [K, N], b [N] -> y [M, N]; all row-major and flat. GELU is the tanh approximation of Hendrycks
// and Gimpel, "Gaussian error linear units" (arXiv:1606.08415), section 2. It is the reference that shaders
// are compared with, and the kernel on the cpu backend. It knows nothing of tensors.

/** M rows, K inputs, N outputs. */
export interface LinearShape {
  rows: number;
  depth: number;
  columns: number;
}

const SLOPE = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** GELU of one value: x sigmoid(2 u), where u = sqrt(2 / pi) (x + 0.044715 x^3); equals x (1 + tanh u) / 2. */
export function geluValue(x: number): number {
  return x / (1 + Math.exp(-SLOPE * (x + CUBIC * x * x * x)));
}

/** Derivative of geluValue. */
export function geluSlope(x: number): number {
  const gate = 1 / (1 + Math.exp(-SLOPE * (x + CUBIC * x * x * x)));
  return gate + x * gate * (1 - gate) * SLOPE * (1 + 3 * CUBIC * x * x);
}

/** x W + b, [M, N]. The bias may be left out. */
export function linearForward(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | null,
  { rows, depth, columns }: LinearShape,
): Float64Array {
  const w = new Float64Array(weight);
  const y = new Float64Array(rows * columns);
  for (let m = 0; m < rows; m++) {
    const row = y.subarray(m * columns, (m + 1) * columns);
    if (bias) row.set(bias);
    for (let k = 0; k < depth; k++) {
      const scale = x[m * depth + k];
      const start = k * columns;
      for (let n = 0; n < columns; n++) row[n] += scale * w[start + n];
    }
  }
  return y;
}

/** Gradient to x: dY W^T, [M, K]. */
export function linearInputGradient(
  outputGradient: ArrayLike<number>,
  weight: ArrayLike<number>,
  { rows, depth, columns }: LinearShape,
): Float64Array {
  const w = new Float64Array(weight);
  const dy = new Float64Array(outputGradient);
  const dx = new Float64Array(rows * depth);
  for (let m = 0; m < rows; m++) {
    for (let k = 0; k < depth; k++) {
      let sum = 0;
      for (let n = 0; n < columns; n++) sum += dy[m * columns + n] * w[k * columns + n];
      dx[m * depth + k] = sum;
    }
  }
  return dx;
}

/** Gradient to W: x^T dY, [K, N]. */
export function linearWeightGradient(
  x: ArrayLike<number>,
  outputGradient: ArrayLike<number>,
  { rows, depth, columns }: LinearShape,
): Float64Array {
  const dy = new Float64Array(outputGradient);
  const dw = new Float64Array(depth * columns);
  for (let m = 0; m < rows; m++) {
    for (let k = 0; k < depth; k++) {
      const scale = x[m * depth + k];
      const start = k * columns;
      for (let n = 0; n < columns; n++) dw[start + n] += scale * dy[m * columns + n];
    }
  }
  return dw;
}

/** Gradient to a bias: the sum of each column of dY [M, N], [N]. */
export function columnSums(outputGradient: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < columns; n++) sums[n] += outputGradient[m * columns + n];
  }
  return sums;
}
