// Layer norm with modulation and its gradients in f64, by plain loops on flat arrays.
//
// y = (x - mean) / sqrt(var + 1e-6) (1 + scale) + shift over the last axis (arXiv:1607.06450; modulation as
// in arXiv:2212.09748). x [rows, C]; scale and shift [groups, C]; rows / groups consecutive rows share one.

export const epsilon = 1e-6;

/** rows of C channels; `groups` rows of scale and shift. */
export interface NormalizationShape {
  rows: number;
  channels: number;
  groups: number;
}

/** y [rows, C] and statistics [rows, 2]: (mean, 1 / sqrt(var + epsilon)) of each row. */
export function layerNormForward(
  x: ArrayLike<number>,
  scale: ArrayLike<number>,
  shift: ArrayLike<number>,
  { rows, channels, groups }: NormalizationShape,
): { y: Float64Array; statistics: Float64Array } {
  const y = new Float64Array(rows * channels);
  const statistics = new Float64Array(rows * 2);
  for (let row = 0; row < rows; row++) {
    const group = Math.floor(row / (rows / groups)) * channels;
    let mean = 0;
    for (let c = 0; c < channels; c++) mean += x[row * channels + c] / channels;
    let variance = 0;
    for (let c = 0; c < channels; c++) variance += (x[row * channels + c] - mean) ** 2 / channels;
    const inverse = 1 / Math.sqrt(variance + epsilon);
    for (let c = 0; c < channels; c++) {
      const normal = (x[row * channels + c] - mean) * inverse;
      y[row * channels + c] = normal * (1 + scale[group + c]) + shift[group + c];
    }
    statistics[row * 2] = mean;
    statistics[row * 2 + 1] = inverse;
  }
  return { y, statistics };
}

/** Gradient to x, [rows, C], from that of y and the forward pass's statistics. */
export function layerNormInputGradient(
  x: ArrayLike<number>,
  scale: ArrayLike<number>,
  statistics: ArrayLike<number>,
  dy: ArrayLike<number>,
  { rows, channels, groups }: NormalizationShape,
): Float64Array {
  const dx = new Float64Array(rows * channels);
  for (let row = 0; row < rows; row++) {
    const group = Math.floor(row / (rows / groups)) * channels;
    const mean = statistics[row * 2];
    const inverse = statistics[row * 2 + 1];
    let meanGradient = 0;
    let meanProduct = 0;
    for (let c = 0; c < channels; c++) {
      const i = row * channels + c;
      const g = dy[i] * (1 + scale[group + c]);
      meanGradient += g / channels;
      meanProduct += (g * (x[i] - mean) * inverse) / channels;
    }
    for (let c = 0; c < channels; c++) {
      const i = row * channels + c;
      const g = dy[i] * (1 + scale[group + c]);
      dx[i] = inverse * (g - meanGradient - (x[i] - mean) * inverse * meanProduct);
    }
  }
  return dx;
}

/** Gradients to scale and shift, [groups, C] each. */
export function layerNormModulationGradients(
  x: ArrayLike<number>,
  statistics: ArrayLike<number>,
  dy: ArrayLike<number>,
  { rows, channels, groups }: NormalizationShape,
): { dscale: Float64Array; dshift: Float64Array } {
  const dscale = new Float64Array(groups * channels);
  const dshift = new Float64Array(groups * channels);
  for (let row = 0; row < rows; row++) {
    const group = Math.floor(row / (rows / groups)) * channels;
    for (let c = 0; c < channels; c++) {
      const i = row * channels + c;
      dscale[group + c] += dy[i] * (x[i] - statistics[row * 2]) * statistics[row * 2 + 1];
      dshift[group + c] += dy[i];
    }
  }
  return { dscale, dshift };
}
