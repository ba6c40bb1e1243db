// Every variant of attention against the f64 oracle: forward and all gradients.

import { ones, tensor4d } from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDevice } from '../../engine/device.ts';
import type { EngineDevice } from '../../engine/device.ts';
import { Random } from '../../math/random.ts';
import { armNegativeControl, assertNotClose, testValues, withBrokenConstants } from '../compare.ts';
import { assertAllClose, take, ulpOfLargest, withGradients } from '../suite.ts';
import { forceVariant } from '../variants.ts';
import type { Variant } from '../variants.ts';
import { attention } from './kernel.ts';
import { attentionForward, attentionGradients } from './oracle.ts';
import type { AttentionShape } from './oracle.ts';
import { attentionPass } from './programs.ts';

const example: AttentionShape = { batch: 1, queries: 9, keys: 17, heads: 2, width: 32, scale: 1 / Math.sqrt(32) };

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
  console.log('adapter:', engine.adapterInfo.vendor, engine.adapterInfo.architecture);
  armNegativeControl(attentionPass(engine.device, 'forward', example).program.shader.name, { SCALE: 0.18 });
});
afterEach(() => {
  forceVariant(null);
  expect(engine.errors).toEqual([]);
});
afterAll(() => engine.dispose());

// One; odd; below, at and above the tiles (4, 16 and 32 rows, 8, 16 and 32 keys); widths that are padded; more queries
// than a quad's slab (256) and more keys than its block (64); the model's.
const shapes: [batch: number, queries: number, keys: number, heads: number, width: number][] = [
  [1, 1, 1, 1, 4],
  [1, 3, 7, 2, 8],
  [2, 4, 8, 1, 12],
  [1, 5, 9, 3, 6],
  [1, 31, 15, 2, 32],
  [1, 32, 16, 1, 64],
  [2, 33, 17, 2, 5],
  [1, 64, 64, 4, 32],
  [1, 260, 70, 2, 16],
  [1, 17, 45, 1, 48],
  [1, 161, 161, 4, 64],
];

interface Data {
  q: Float32Array;
  k: Float32Array;
  v: Float32Array;
  dy: Float32Array;
}

async function compare(label: string, shape: AttentionShape, { q, k, v, dy }: Data): Promise<void> {
  const { batch, queries, keys, heads, width } = shape;
  const result = attentionForward(q, k, v, shape);
  const expected = attentionGradients(q, k, v, result, dy, shape);
  const rows: [number, number, number, number] = [batch, queries, heads, width];
  const columns: [number, number, number, number] = [batch, keys, heads, width];
  const actual = withGradients(
    (qs, ks, vs) => attention(qs, ks, vs),
    [tensor4d(q, rows), tensor4d(k, columns), tensor4d(v, columns)],
    tensor4d(dy, rows),
  );
  // 2D for the scores, 3N + 3 for softmax, 2N for the sum over N values; a gradient adds dO . V and its sum.
  const forward = 2 * width + 3 * keys + 3 + 2 * keys;
  await assertAllClose(label, actual, [
    { name: 'output', values: result.output, ulp: forward },
    { name: 'dQ', values: expected.query, ulp: forward + 2 * width, floor: 1 },
    { name: 'dK', values: expected.key, ulp: forward + 2 * width + 2 * queries, floor: 1 },
    { name: 'dV', values: expected.value, ulp: forward + 2 * queries },
  ]);
}

describe.each(['register', 'quad', 'staged', 'staged-split'] as const satisfies readonly Variant[])('%s', (variant) => {
  // The split tile, slow to compile, is the staged one's program: fewer keys than threads share, a tile and one more key,
  // and the model's.
  // Quad takes widths of whole sixteens, and is the register variant at others.
  const chosen = shapes.filter(([, , keys, , width]) =>
    variant === 'staged-split' ? [1, 7, 17, 161].includes(keys) : variant !== 'quad' || width % 16 === 0);
  test.each(chosen)('%i x %i queries, %i keys, %i heads of %i', async (batch, queries, keys, heads, width) => {
    forceVariant(variant);
    const shape = { batch, queries, keys, heads, width, scale: 1 / Math.sqrt(width) };
    const [rows, columns] = [queries, keys].map((length) => batch * length * heads * width);
    await compare(`[${batch},${queries},${keys},${heads},${width}]`, shape, {
      q: testValues(1, rows, 2),
      k: testValues(2, columns, 2),
      v: testValues(3, columns),
      dy: testValues(4, rows),
    });
  });

  test('large scores', async () => {
    forceVariant(variant);
    // Whole numbers, so that scores of several hundreds are exact in f32 and only softmax is tested.
    const shape = { batch: 1, queries: 10, keys: 35, heads: 2, width: 64, scale: 1 / 8 };
    const random = new Random(7);
    const whole = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.integer(-8, 8));
    const rows = 10 * 2 * 64;
    const columns = 35 * 2 * 64;
    const data = { q: whole(rows), k: whole(columns), v: testValues(3, columns), dy: testValues(4, rows) };
    const { logSumExp } = attentionForward(data.q, data.k, data.v, shape);
    expect(Math.max(...logSumExp)).toBeGreaterThan(50);
    await compare('large scores', shape, data);
  });

  test('a NaN in one query stays in its row', async () => {
    forceVariant(variant);
    const q = testValues(1, 9 * 16);
    q[2 * 16] = NaN;
    const y = await take(attention(tensor4d(q, [1, 9, 1, 16]), ones([1, 5, 1, 16]), ones([1, 5, 1, 16])));
    const bits = new Uint32Array(y.buffer, y.byteOffset, y.length);
    bits.forEach((word, i) => {
      expect((word & 0x7fffffff) > 0x7f800000, `element ${i}`).toBe(Math.floor(i / 16) === 2);
    });
  });

  test('a wrong scale is noticed', async () => {
    forceVariant(variant);
    const { queries, keys, heads, width } = example;
    const q = testValues(1, queries * heads * width);
    const k = testValues(2, keys * heads * width);
    const v = testValues(3, keys * heads * width);
    const { output } = attentionForward(q, k, v, example);
    const { shader } = attentionPass(engine.device, 'forward', example).program;
    await withBrokenConstants(shader.name, { SCALE: 0.18 }, async () => {
      const shape: [number, number, number, number] = [1, keys, heads, width];
      const y = attention(tensor4d(q, [1, queries, heads, width]), tensor4d(k, shape), tensor4d(v, shape));
      assertNotClose('attention', await take(y), output, ulpOfLargest(2 * width + 5 * keys + 3, output));
    });
  });
});

test('shapes that do not fit are refused', () => {
  expect(() => attention(ones([1, 2, 3, 4]), ones([1, 2, 3, 8]), ones([1, 2, 3, 8]))).toThrow(/do not fit/);
  expect(() => attention(ones([1, 2, 3, 4]), ones([1, 2, 3, 4]), ones([1, 5, 3, 4]))).toThrow(/do not fit/);
});
