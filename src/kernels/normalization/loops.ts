// Layer norm with modulation and its gradients for tfjs's wasm backend: loops over its memory, where tfjs's own kernels
// take a pass for every operation. What is computed: oracle.ts.

import type { GatedShape } from '../gated-add/oracle.ts';
import { epsilon } from './oracle.ts';
import type { NormalizationShape } from './oracle.ts';

/** Writes y [rows, C] and the statistics [rows, 2] of [x, scale, shift]. */
export function layerNormLoops(
  [x, scale, shift]: Float32Array[], [y, statistics]: Float32Array[], { rows, channels, groups }: NormalizationShape,
): void {
  for (let row = 0; row < rows; row++) {
    const from = row * channels;
    const group = Math.floor(row / (rows / groups)) * channels;
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += x[from + c];
    const mean = sum / channels;
    let squares = 0;
    for (let c = 0; c < channels; c++) squares += (x[from + c] - mean) * (x[from + c] - mean);
    const inverse = 1 / Math.sqrt(squares / channels + epsilon);
    for (let c = 0; c < channels; c++) {
      y[from + c] = (x[from + c] - mean) * inverse * (1 + scale[group + c]) + shift[group + c];
    }
    statistics[2 * row] = mean;
    statistics[2 * row + 1] = inverse;
  }
}

/** Writes the gradient to x, [rows, C], of [x, scale, statistics, dy]. */
export function layerNormInputGradientLoops(
  [x, scale, statistics, dy]: Float32Array[], dx: Float32Array, { rows, channels, groups }: NormalizationShape,
): void {
  for (let row = 0; row < rows; row++) {
    const from = row * channels;
    const group = Math.floor(row / (rows / groups)) * channels;
    const [mean, inverse] = [statistics[2 * row], statistics[2 * row + 1]];
    let sum = 0;
    let along = 0;
    for (let c = 0; c < channels; c++) {
      const g = dy[from + c] * (1 + scale[group + c]);
      sum += g;
      along += g * (x[from + c] - mean);
    }
    const [offset, slope] = [sum / channels, (along * inverse * inverse) / channels];
    for (let c = 0; c < channels; c++) {
      const g = dy[from + c] * (1 + scale[group + c]);
      dx[from + c] = inverse * (g - offset - (x[from + c] - mean) * slope);
    }
  }
}

/** Writes the gradient to scale or to shift, [groups, C], of [x, statistics, dy]. */
export function layerNormModulationGradientLoops(
  [x, statistics, dy]: Float32Array[], gradient: Float32Array, ofScale: boolean, { rows, channels, groups }: NormalizationShape,
): void {
  const sums = new Float64Array(groups * channels);
  for (let row = 0; row < rows; row++) {
    const from = row * channels;
    const group = Math.floor(row / (rows / groups)) * channels;
    const [mean, inverse] = [statistics[2 * row], statistics[2 * row + 1]];
    for (let c = 0; c < channels; c++) {
      sums[group + c] += ofScale ? dy[from + c] * (x[from + c] - mean) * inverse : dy[from + c];
    }
  }
  gradient.set(sums);
}

/** Writes sum [rows, C], y [rows, C] and the statistics [rows, 2] of [x, scale, shift, added, gate]. */
export function gatedLayerNormLoops(
  [x, scale, shift, added, gate]: Float32Array[], [sum, y, statistics]: Float32Array[], shape: NormalizationShape,
  { batch, tokens, channels }: GatedShape,
): void {
  for (let row = 0; row < batch * tokens; row++) {
    const [from, gated] = [row * channels, Math.floor(row / tokens) * channels];
    for (let c = 0; c < channels; c++) sum[from + c] = x[from + c] + gate[gated + c] * added[from + c];
  }
  layerNormLoops([sum, scale, shift], [y, statistics], shape);
}

/** Writes the gradients to x and to what is added, [rows, C] each, of [sum, scale, statistics, dy, dsum, gate]. */
export function gatedLayerNormGradientLoops(
  [sum, scale, statistics, dy, dsum, gate]: Float32Array[], [dx, dadded]: Float32Array[], shape: NormalizationShape,
  { batch, tokens, channels }: GatedShape,
): void {
  layerNormInputGradientLoops([sum, scale, statistics, dy], dx, shape);
  for (let row = 0; row < batch * tokens; row++) {
    const [from, gated] = [row * channels, Math.floor(row / tokens) * channels];
    for (let c = 0; c < channels; c++) {
      dx[from + c] += dsum[from + c];
      dadded[from + c] = gate[gated + c] * dx[from + c];
    }
  }
}
