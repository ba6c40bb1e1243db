/**
 * The twin's fixture: inputs and outputs of every part under the same weights, for tests of parity.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { parse } from './safetensors.ts';
import { floatsOf } from './weights.ts';

export interface Fixture {
  /** Values of a tensor. Throws when there is none of this name. */
  values(name: string): Float32Array;
  /** The same as a tensor on the active backend. */
  tensor(name: string): Tensor;
  /** Names that start so. */
  names(prefix: string): string[];
}

/** Reads a fixture from the bytes of fixture.safetensors. */
export function readFixture(bytes: Uint8Array): Fixture {
  const { tensors } = parse(bytes);
  const stored = (name: string) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new RangeError(`The fixture has no tensor "${name}".`);
    return tensor;
  };
  const values = (name: string): Float32Array => {
    const tensor = stored(name);
    const floats = floatsOf(tensor);
    if (floats === null) throw new RangeError(`The fixture's "${name}" holds no floating-point numbers.`);
    return floats;
  };
  return {
    values,
    tensor: (name) => tf.tensor(values(name), stored(name).shape, 'float32'),
    names: (prefix) => [...tensors.keys()].filter((name) => name.startsWith(prefix)),
  };
}

/** Size of the difference relative to the expected values: |a - b| / |b|, both Euclidean. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    size += expected[i] ** 2;
  }
  return Math.sqrt(difference / size);
}
