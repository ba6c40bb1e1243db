// RMS norm and rotary positions of queries and keys, and their gradients, for tfjs's wasm backend: loops over its memory,
// typed so that the browser compiles them well. tfjs's own kernels take some thirty passes for it, several times as long.
// What is computed: oracle.ts.

import { EPSILON, forEachVector } from './oracle.ts';
import type { RotaryShape } from './oracle.ts';

function inverseNorm(qkv: Float32Array, from: number, width: number): number {
  let squares = 0;
  for (let d = 0; d < width; d++) squares += qkv[from + d] * qkv[from + d];
  return 1 / Math.sqrt(squares / width + EPSILON);
}

/** Writes query, key and value [B, L, N, D] of [qkv, queryScale, keyScale, cos, sin]. */
export function rotaryLoops(inputs: Float32Array[], outputs: Float32Array[], shape: RotaryShape): void {
  const [qkv, , , cos, sin] = inputs;
  const { width } = shape;
  const half = width / 2;
  for (const part of [0, 1]) {
    const [scale, output] = [inputs[1 + part], outputs[part]];
    forEachVector(shape, part, (from, to, angle) => {
      const norm = inverseNorm(qkv, from, width);
      for (let j = 0; j < half; j++) {
        const low = qkv[from + j] * norm * scale[j];
        const high = qkv[from + half + j] * norm * scale[half + j];
        output[to + j] = low * cos[angle + j] - high * sin[angle + j];
        output[to + half + j] = high * cos[angle + j] + low * sin[angle + j];
      }
    });
  }
  forEachVector(shape, 2, (from, to) => outputs[2].set(qkv.subarray(from, from + width), to));
}

/** Writes the gradient to qkv of [qkv, queryScale, keyScale, cos, sin, and the gradients to query, key and value]. */
export function rotaryQkvGradientLoops(inputs: Float32Array[], gradient: Float32Array, shape: RotaryShape): void {
  const [qkv, , , cos, sin] = inputs;
  const { width } = shape;
  const half = width / 2;
  for (const part of [0, 1]) {
    const [scale, dy] = [inputs[1 + part], inputs[5 + part]];
    forEachVector(shape, part, (from, to, angle) => {
      const norm = inverseNorm(qkv, from, width);
      let along = 0;
      for (let j = 0; j < half; j++) {
        const [c, s, low, high] = [cos[angle + j], sin[angle + j], dy[to + j], dy[to + half + j]];
        const backLow = (low * c + high * s) * scale[j];
        const backHigh = (high * c - low * s) * scale[half + j];
        along += backLow * qkv[from + j] + backHigh * qkv[from + half + j];
        gradient[from + j] = norm * backLow;
        gradient[from + half + j] = norm * backHigh;
      }
      const pull = (norm * norm * norm * along) / width;
      for (let d = 0; d < width; d++) gradient[from + d] -= pull * qkv[from + d];
    });
  }
  const value = inputs[7];
  forEachVector(shape, 2, (from, to) => gradient.set(value.subarray(to, to + width), from));
}

/** Writes the gradient to the scale of query (part 0) or key (part 1) of [qkv, cos, sin, the gradient to the part]. */
export function rotaryScaleGradientLoops(
  [qkv, cos, sin, dy]: Float32Array[], gradient: Float32Array, part: 0 | 1, shape: RotaryShape,
): void {
  const { width } = shape;
  const half = width / 2;
  const sums = new Float64Array(width);
  forEachVector(shape, part, (from, to, angle) => {
    const norm = inverseNorm(qkv, from, width);
    for (let j = 0; j < half; j++) {
      const [c, s, low, high] = [cos[angle + j], sin[angle + j], dy[to + j], dy[to + half + j]];
      sums[j] += (low * c + high * s) * qkv[from + j] * norm;
      sums[half + j] += (high * c - low * s) * qkv[from + half + j] * norm;
    }
  });
  gradient.set(sums);
}
