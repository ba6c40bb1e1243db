// Comparison with an oracle, for tests: the worst error and where it is, central differences, and the
// negative control that shows the comparison can fail. Knows no test framework and no tfjs.

import { breakConstants } from '../engine/pipeline.ts';
import { Random } from '../math/random.ts';

/** |actual - expected| may be absolute + relative |expected| + ulp units in the last place of f32. */
export interface Tolerance {
  absolute?: number;
  relative?: number;
  ulp?: number;
}

/** The element whose error is largest in units of its tolerance (1 is just allowed). */
export interface Worst {
  index: number;
  actual: number;
  expected: number;
  error: number;
  ratio: number;
}

/** Distance between f32 neighbours at this magnitude (the smallest normal's below it). */
export function unitInLastPlace(value: number): number {
  const magnitude = Math.max(Math.abs(value), 2 ** -126);
  return 2 ** (Math.floor(Math.log2(magnitude)) - 23);
}

/** True when the 32 bits of an f32 are a NaN. Bits, because compilers may assume that NaN never occurs. */
export function isNaNBits(bits: number): boolean {
  return (bits & 0x7f800000) === 0x7f800000 && (bits & 0x007fffff) !== 0;
}

/** Finds the worst element. A NaN or infinity must be matched by the same; else the error is infinite. */
export function worstError(
  actual: Float32Array,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): Worst {
  if (actual.length !== expected.length) {
    throw new Error(`Compared ${actual.length} values with ${expected.length}.`);
  }
  const bits = new Uint32Array(actual.buffer, actual.byteOffset, actual.length);
  let worst: Worst = { index: -1, actual: NaN, expected: NaN, error: 0, ratio: -1 };
  for (let index = 0; index < actual.length; index++) {
    const want = expected[index];
    const got = actual[index];
    let error = Math.abs(got - want);
    if (Number.isNaN(want)) {
      error = isNaNBits(bits[index]) ? 0 : Infinity;
    } else if (isNaNBits(bits[index])) {
      error = Infinity;
    } else if (!Number.isFinite(want)) {
      error = got === want ? 0 : Infinity;
    }
    const { absolute = 0, relative = 0, ulp = 0 } = tolerance;
    const allowed = Number.isFinite(want)
      ? absolute + relative * Math.abs(want) + ulp * unitInLastPlace(want)
      : 0;
    const ratio = error === 0 ? 0 : error / allowed;
    if (ratio > worst.ratio) {
      worst = { index, actual: got, expected: want, error, ratio };
    }
  }
  return worst;
}

function describe(name: string, worst: Worst): string {
  return (
    `${name}: worst error ${worst.error.toExponential(2)} (${worst.ratio.toPrecision(2)} of the tolerance) ` +
    `at index ${worst.index}, got ${worst.actual}, expected ${worst.expected}`
  );
}

/** Prints the worst error and its index; throws when it is larger than the tolerance. */
export function assertClose(
  name: string,
  actual: Float32Array,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): void {
  const worst = worstError(actual, expected, tolerance);
  if (!(worst.ratio <= 1)) {
    throw new Error(describe(name, worst));
  }
  console.log(describe(name, worst));
}

/** Throws unless the comparison fails: an always-on negative control. */
export function assertNotClose(
  name: string,
  actual: Float32Array,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): void {
  const worst = worstError(actual, expected, tolerance);
  if (worst.ratio <= 1) {
    throw new Error(`${name}: a broken constant went unnoticed. ${describe(name, worst)}`);
  }
}

/** Runs `work` while dispatches of `shaderName` use these wrong constants. */
export async function withBrokenConstants(
  shaderName: string,
  constants: Record<string, number>,
  work: () => Promise<void>,
): Promise<void> {
  breakConstants(shaderName, constants);
  try {
    await work();
  } finally {
    breakConstants(shaderName, null);
  }
}

/**
 * With VITE_NEGATIVE_CONTROL=1 in the environment, breaks these constants for the rest of the file, so that
 * the file's own comparisons must go red. Otherwise does nothing.
 */
export function armNegativeControl(shaderName: string, constants: Record<string, number>): void {
  if (import.meta.env['VITE_NEGATIVE_CONTROL'] === '1') {
    breakConstants(shaderName, constants);
  }
}

/** Seeded test values, uniform in [-scale, scale]; the same in every run. */
export function testValues(seed: number, count: number, scale = 1): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.uniform(-scale, scale));
}

/**
 * Checks analytic gradients of a function in f64 against central differences.
 *
 * `forward` maps flat inputs to a flat output y; the scalar differentiated is sum(weights * y), so `weights`
 * is the output's gradient. `gradients[i]` belongs to `inputs[i]`. Allowed: `tolerance` (1e-6 unless given)
 * relative to the largest component of that gradient. Throws with the worst element.
 */
export function assertGradients(
  name: string,
  forward: (inputs: Float64Array[]) => ArrayLike<number>,
  inputs: Float64Array[],
  weights: ArrayLike<number>,
  gradients: ArrayLike<number>[],
  tolerance = 1e-6,
): void {
  const objective = (): number => {
    const output = forward(inputs);
    if (output.length !== weights.length) {
      throw new Error(`${name}: ${output.length} outputs but ${weights.length} weights.`);
    }
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      sum += weights[i] * output[i];
    }
    return sum;
  };
  inputs.forEach((input, which) => {
    const gradient = gradients[which];
    if (gradient.length !== input.length) {
      throw new Error(`${name}: gradient ${which} has ${gradient.length} values, not ${input.length}.`);
    }
    const largest = Math.max(1e-3, ...Array.from(gradient, Math.abs));
    for (let i = 0; i < input.length; i++) {
      const kept = input[i];
      // Fourth-order central difference: rounding, not truncation, is what is left.
      const h = 1e-3 * Math.max(1, Math.abs(kept));
      const at = (offset: number): number => {
        input[i] = kept + offset * h;
        return objective();
      };
      const numeric = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h);
      input[i] = kept;
      const error = Math.abs(numeric - gradient[i]) / largest;
      if (!(error <= tolerance)) {
        throw new Error(
          `${name}: gradient ${which}[${i}] is ${gradient[i]}, central difference ${numeric} ` +
            `(relative error ${error.toExponential(2)})`,
        );
      }
    }
  });
}
