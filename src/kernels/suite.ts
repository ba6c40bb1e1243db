// What the GPU suites of the matrix-like kernels share: tolerance in units in the last place, and running a
// function with its gradients on the device.
//
// Tolerances follow the WebNN conformance suite: so many ULP, by the length of the sum. A unit is taken at
// the largest expected value of the tensor, since an element that cancels to near zero carries the rounding
// of its terms. What it does not do: choose the number of ULP.

import { valueAndGrads } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { assertClose, unitInLastPlace } from './compare.ts';
import type { Tolerance } from './compare.ts';

/** `count` units in the last place of the largest expected value, or of `floor` where that is larger. */
export function ulpOfLargest(count: number, expected: ArrayLike<number>, floor = 0): Tolerance {
  let largest = floor;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]));
  return { absolute: count * unitInLastPlace(largest) };
}

/** The values of a tensor, which is disposed. */
export async function take(tensor: Tensor): Promise<Float32Array> {
  const values = await tensor.data<'float32'>();
  tensor.dispose();
  return values;
}

/** One tensor's expected values and how many ULP it may differ by. */
export interface Expected {
  name: string;
  values: ArrayLike<number>;
  ulp: number;
  /** Size of the terms of the sum, where all expected values may cancel to less. */
  floor?: number;
}

/** Compares tensors with expected values, in order; the tensors are disposed. */
export async function assertAllClose(label: string, actual: Tensor[], expected: Expected[]): Promise<void> {
  for (const [i, { name, values, ulp, floor }] of expected.entries()) {
    assertClose(`${label} ${name}`, await take(actual[i]), values, ulpOfLargest(ulp, values, floor));
  }
}

/** [output, gradient of each input] of `work` at `inputs`, for the output gradient `dy`. */
export function withGradients(work: (...inputs: Tensor[]) => Tensor, inputs: Tensor[], dy: Tensor): Tensor[] {
  const { value, grads } = valueAndGrads(work)(inputs, dy);
  return [value, ...grads];
}
