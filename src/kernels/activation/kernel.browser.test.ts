// silu and gelu on the GPU against their oracles, forward and gradient.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import {
  armNegativeControl,
  assertClose,
  assertNotClose,
  testValues,
  withBrokenConstants,
} from '../compare.ts';
import { gelu, silu } from './kernel.ts';
import { activationForward, activationGradient } from './oracle.ts';
import type { Activation } from './oracle.ts';

// WebNN allows gelu 18 units in the last place. exp's own error grows with its argument (WGSL: 3 + 2 |x|
// units), which is what the tails show: there values are near 0 and the absolute term allows them.
const tolerance = { ulp: 18, absolute: 2e-7 };
const slopeTolerance = { ulp: 18, absolute: 1e-6 };

armNegativeControl('activation/forward', { cubic: 0.0448 });

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

const operations: [Activation, (x: tf.Tensor) => tf.Tensor][] = [
  ['silu', silu],
  ['gelu', gelu],
];

async function forwardAndGradient(
  operation: (x: tf.Tensor) => tf.Tensor,
  values: Float32Array,
  dy: Float32Array,
): Promise<[Float32Array, Float32Array]> {
  const x = tf.tensor1d(values);
  const y = operation(x);
  const dx = tf.grad(operation)(x, tf.tensor1d(dy));
  return [(await y.data()) as Float32Array, (await dx.data()) as Float32Array];
}

for (const [kind, operation] of operations) {
  // 4 x 64 elements are one workgroup of the vec4 module.
  test.each([1, 3, 255, 256, 257, 1023, 4096])(`${kind}: %i elements`, async (count) => {
    const values = testValues(count, count, 8);
    const dy = testValues(count + 1, count);
    const [y, dx] = await forwardAndGradient(operation, values, dy);
    assertClose(`${kind} [${count}]`, y, activationForward(kind, values), tolerance);
    assertClose(`${kind} gradient [${count}]`, dx, activationGradient(kind, values, dy), slopeTolerance);
  });

  test(`${kind}: large values, zeros and NaN`, async () => {
    const values = Float32Array.of(0, -0, 100, -100, 1e4, -1e4, 1e15, -1e15, NaN, 1, 2, 3);
    const dy = new Float32Array(values.length).fill(1);
    const [y, dx] = await forwardAndGradient(operation, values, dy);
    assertClose(`${kind} large`, y, activationForward(kind, values), tolerance);
    const finite = values.filter(Number.isFinite);
    const wanted = activationGradient(kind, finite, dy);
    const slopes = dx.filter((_, i) => Number.isFinite(values[i]));
    assertClose(`${kind} gradient large`, slopes, wanted, slopeTolerance);
  });
}

test('negative control: another cubic term is noticed', async () => {
  const values = testValues(1, 64, 4);
  const dy = new Float32Array(64).fill(1);
  await withBrokenConstants('activation/forward', { cubic: 0.0448 }, async () => {
    const [y] = await forwardAndGradient(gelu, values, dy);
    assertNotClose('gelu', y, activationForward('gelu', values), tolerance);
  });
  await withBrokenConstants('activation/gradient', { cubic: 0.0448 }, async () => {
    const [, dx] = await forwardAndGradient(gelu, values, dy);
    assertNotClose('gelu gradient', dx, activationGradient('gelu', values, dy), slopeTolerance);
  });
});
