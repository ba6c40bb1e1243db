// The kernels' benchmarks in jax-js (webgpu and wasm), compiled by its jit: a contestant with a device and an array
// type of its own. Images are channels first there, which is its layout.

import { blockUntilReady, defaultDevice, grad, init, jit, lax, nn, numpy as np } from '@jax-js/jax';
import { epsilon } from '../src/kernels/normalization/oracle.ts';
import { largestDifference } from './work.ts';
import type { Implementation } from './work.ts';

/** Values and their shape. */
export interface Data {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

/** A function of arrays, each of which it uses up. */
export type Forward = (...inputs: np.Array[]) => np.Array;

const jaxDevices = ['webgpu', 'wasm'] as const;

/** Values with the axes in another order. */
export function permuted(values: ArrayLike<number>, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const result = new Float32Array(values.length);
  const sizes = order.map((axis) => shape[axis]);
  for (let i = 0; i < values.length; i++) {
    let rest = i;
    let from = 0;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += (rest % sizes[axis]) * strides[order[axis]];
      rest = Math.floor(rest / sizes[axis]);
    }
    result[i] = values[from];
  }
  return result;
}

/** Attention of [B, L, N, D]. */
export const attention: Forward = (query, key, value) => nn.dotProductAttention(query, key, value);

/** Rows of mean 0 and variance 1 over the last axis. */
export function normalised(x: np.Array): np.Array {
  const centred = x.ref.sub(np.mean(x, -1, { keepdims: true }));
  const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
  return centred.div(np.sqrt(variance.add(epsilon)));
}

/** Layer norm of [rows, C] with scale and shift [1, C]. */
export const layerNorm: Forward = (x, scale, shift) => normalised(x).mul(scale.add(1)).add(shift);

/** The product of two matrices. */
export const matmul: Forward = (a, b) => np.matmul(a, b);

/** A convolution of [B, C, ..] by [N, C, ..] with this padding. */
export function convolution(padding: [number, number][]): Forward {
  return (x, filter) => lax.convGeneralDilated(x, filter, padding.map(() => 1), padding);
}

/**
 * Contestants on both devices. With `dy` they compute the gradients to all inputs, but for the last `fixed` ones, as
 * well as the output.
 * @param expected the output, then the gradients
 */
export function jaxContestants(
  forward: Forward, inputs: readonly Data[], expected: readonly ArrayLike<number>[], allowedError: number, dy?: Data, fixed = 0,
): Implementation[] {
  return jaxDevices.map((device) => {
    const work = dy === undefined
      ? (...arrays: np.Array[]) => [forward(...arrays)]
      : (...arrays: np.Array[]) => {
        const argnums = inputs.slice(0, inputs.length - fixed).map((_, i) => i);
        const lossOf = (...both: np.Array[]): [np.Array, np.Array] => {
          const y = forward(...both.slice(0, -1));
          return [np.sum(y.ref.mul(both[both.length - 1])), y];
        };
        const [gradients, y] = grad(lossOf, { argnums, hasAux: true })(...arrays);
        return [y, ...(gradients as np.Array[])];
      };
    const compiled = jit(work);
    let arrays: np.Array[] | undefined;
    const call = async (): Promise<np.Array[]> => {
      if (arrays === undefined) {
        await init(device);
        arrays = [...inputs, ...(dy === undefined ? [] : [dy])].map(({ values, shape }) =>
          np.array(values, { shape: [...shape], device }));
      }
      defaultDevice(device);
      return blockUntilReady(compiled(...arrays.map((array) => array.ref)) as np.Array[]);
    };
    return {
      name: `jax-${device}`,
      backend: device,
      allowedError,
      async run() {
        (await call()).forEach((output) => output.dispose());
      },
      async check() {
        const outputs = await call();
        let error = 0;
        for (const [i, output] of outputs.entries()) {
          const values = await output.data();
          error = Math.max(error, largestDifference(values, expected[i]));
        }
        return error;
      },
      dispose() {
        compiled.dispose();
        arrays?.forEach((array) => array.dispose());
      },
    };
  });
}
