// rotaryQueryKey against the f64 oracle: forward and the gradients to qkv and both scales.

import { concat, ones, tensor1d, tensor2d, tensor3d, tensor4d } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice, Limits } from '../../engine/device.ts';
import { armNegativeControl, assertNotClose, testValues, withBrokenConstants } from '../compare.ts';
import { assertAllClose, take, ulpOfLargest, withGradients } from '../suite.ts';
import { rotaryQueryKey } from './kernel.ts';
import { rotaryForward, rotaryGradients } from './oracle.ts';

let engine: EngineDevice;

interface Example {
  qkv: Float32Array;
  queryScale: Float32Array;
  keyScale: Float32Array;
  cos: Float32Array;
  sin: Float32Array;
}

function example(batch: number, length: number, heads: number, width: number, scale: number): Example {
  const angles = testValues(2, (length * width) / 2, 3);
  return {
    qkv: testValues(1, batch * length * heads * width * 3, scale),
    queryScale: testValues(3, width, 2),
    keyScale: testValues(4, width, 2),
    cos: angles.map(Math.cos),
    sin: angles.map(Math.sin),
  };
}

async function check(batch: number, length: number, heads: number, width: number, scale: number): Promise<void> {
  const shape = { batch, length, heads, width };
  const data = example(batch, length, heads, width, scale);
  const size = batch * length * heads * width;
  const dy = testValues(5, 3 * size);
  // The three outputs lie behind each other along the head axis, so that one gradient covers them.
  const part = (values: Float64Array, index: number, from: Float64Array): void => {
    const row = heads * width;
    for (let token = 0; token < batch * length; token++) {
      values.set(from.subarray(token * row, (token + 1) * row), (token * 3 + index) * row);
    }
  };
  const dyOf = (index: number): Float64Array => {
    const row = heads * width;
    const values = new Float64Array(size);
    for (let token = 0; token < batch * length; token++) {
      values.set(dy.subarray((token * 3 + index) * row, (token * 3 + index + 1) * row), token * row);
    }
    return values;
  };
  const forward = rotaryForward(data.qkv, data, shape);
  const joined = new Float64Array(3 * size);
  [forward.query, forward.key, forward.value].forEach((values, index) => part(joined, index, values));
  const dys = { query: dyOf(0), key: dyOf(1), value: dyOf(2) };
  const expected = rotaryGradients(data.qkv, data, dys, shape);
  const angleShape: [number, number] = [length, width / 2];
  const cos = tensor2d(data.cos, angleShape);
  const sin = tensor2d(data.sin, angleShape);
  const actual = withGradients(
    (qkv, queryScale, keyScale) => concat(rotaryQueryKey(qkv, queryScale, keyScale, cos, sin, heads), 2),
    [tensor3d(data.qkv, [batch, length, 3 * heads * width]), tensor1d(data.queryScale), tensor1d(data.keyScale)],
    tensor4d(dy, [batch, length, 3 * heads, width]),
  );
  // 2D for the mean square (and the gradient's inner product), a few for root, scale and rotation.
  await assertAllClose(`[${batch},${length},${heads},${width}]`, actual, [
    { name: 'query, key, value', values: joined, ulp: 2 * width + 8 },
    { name: 'dQKV', values: expected.qkv, ulp: 4 * width + 8 },
    { name: 'dQueryScale', values: expected.queryScale, ulp: 2 * batch * length * heads + 2 * width + 8 },
    { name: 'dKeyScale', values: expected.keyScale, ulp: 2 * batch * length * heads + 2 * width + 8 },
  ]);
}

// With the limits of every device, the value's gradient takes a pass of its own.
describe.each<Limits>(['adapter', 'default'])('limits: %s', (limits) => {
  beforeAll(async () => {
    engine = await createDevice({ limits });
    console.log('adapter:', engine.adapterInfo.vendor, engine.adapterInfo.architecture);
    armNegativeControl('rotary/forward', { EPSILON: 0.01 });
  });
  afterEach(() => expect(engine.errors).toEqual([]));
  afterAll(() => engine.dispose());

  test.each([
    [1, 1, 1, 8, 1],
    [2, 3, 1, 16, 1],
    [1, 5, 3, 24, 100],
    [1, 11, 3, 32, 1],
    [2, 161, 4, 64, 1],
  ])('batch %i, length %i, %i heads of %i, values to %i', check);

  test('a wrong epsilon is noticed', async () => {
    const shape = { batch: 1, length: 3, heads: 2, width: 16 };
    const data = example(1, 3, 2, 16, 1);
    const { query } = rotaryForward(data.qkv, data, shape);
    await withBrokenConstants('rotary/forward', { EPSILON: 0.01 }, async () => {
      const [actual] = rotaryQueryKey(
        tensor3d(data.qkv, [1, 3, 96]),
        tensor1d(data.queryScale),
        tensor1d(data.keyScale),
        tensor2d(data.cos, [3, 8]),
        tensor2d(data.sin, [3, 8]),
        2,
      );
      assertNotClose('rotary', await take(actual), query, ulpOfLargest(2 * 16 + 8, query));
    });
  });

  test('shapes that do not fit are refused', () => {
    const angles = ones([2, 2]);
    expect(() => rotaryQueryKey(ones([1, 2, 12]), ones([4]), ones([4]), angles, angles, 1)).toThrow(/multiple of 8/);
    expect(() => rotaryQueryKey(ones([1, 2, 24]), ones([4]), ones([8]), angles, angles, 1)).toThrow(/do not fit/);
  });
});
