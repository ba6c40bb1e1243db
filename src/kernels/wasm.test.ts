// Every operation and its gradients on tfjs's wasm backend against the f64 oracles: the same public function runs
// on both backends. A negative control: the comparison fails on one changed value.

import { add, addN, mul, setBackend, tensor, tidy } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCpuBackend, createWasmBackend } from '../engine/device.ts';
import { Random } from '../math/random.ts';
import { gelu, silu } from './activation/kernel.ts';
import { attention } from './attention/kernel.ts';
import { assertClose } from './compare.ts';
import { convolution } from './convolution/kernel.ts';
import { gatedAdd } from './gated-add/kernel.ts';
import { adaptedLinear } from './linear/adapted.ts';
import { linear } from './linear/kernel.ts';
import { modulation } from './modulation/kernel.ts';
import { preferenceLoss, velocityErrors } from './losses/kernel.ts';
import { gatedLayerNorm } from './normalization/gated.ts';
import { layerNorm } from './normalization/kernel.ts';
import { adamw, adamwDefaults, adamwSettings, clipFactor } from './optimizer/kernel.ts';
import { normal, normalKey } from './random/kernel.ts';
import { rigid } from './rigid/kernel.ts';
import { rotaryQueryKey } from './rotary/kernel.ts';
import { depthToSpace, spaceToDepth } from './shuffle/kernel.ts';
import { take, ulpOfLargest, withGradients } from './suite.ts';
import { warp } from './warp/kernel.ts';

beforeAll(async () => {
  await createWasmBackend();
});

afterAll(async () => {
  await createCpuBackend();
});

/** An operation, its inputs' shapes, and the length of its longest sum. */
interface Case {
  name: string;
  shapes: number[][];
  terms: number;
  /** Inputs after this many take no gradient. */
  differentiated?: number;
  run(...inputs: Tensor[]): Tensor;
}

const cases: Case[] = [
  { name: 'linear', shapes: [[2, 7, 12], [12, 20], [20]], terms: 20, run: (x, w, b) => linear(x, w, b) },
  { name: 'linear without bias', shapes: [[5, 3], [3, 7]], terms: 7, run: (x, w) => linear(x, w) },
  { name: 'linear with gelu', shapes: [[9, 8], [8, 16], [16]], terms: 36, run: (x, w, b) => linear(x, w, b, 'gelu') },
  {
    name: 'adaptedLinear', shapes: [[2, 5, 12], [12, 20], [20], [12, 4], [4, 20]], terms: 60,
    run: (x, w, bias, a, b) => adaptedLinear(x, w, bias, a, b, 0.5),
  },
  { name: 'attention', shapes: [[2, 9, 3, 8], [2, 13, 3, 8], [2, 13, 3, 8]], terms: 64, run: attention },
  { name: 'silu', shapes: [[3, 50]], terms: 18, run: silu },
  { name: 'gelu', shapes: [[3, 50]], terms: 18, run: gelu },
  { name: 'layerNorm', shapes: [[2, 9, 16], [2, 16], [2, 16]], terms: 64, run: layerNorm },
  { name: 'layerNorm of one group', shapes: [[2, 9, 16], [1, 16], [1, 16]], terms: 64, run: layerNorm },
  ...[1, 2].map((groups): Case => ({
    name: `gatedLayerNorm of ${groups} groups`,
    shapes: [[2, 9, 16], [2, 9, 16], [2, 16], [groups, 16], [groups, 16]], terms: 64,
    run: (x, added, gate, scale, shift) => {
      const [sum, y] = gatedLayerNorm(x, added, gate, scale, shift);
      return add(mul(sum, 2), y);
    },
  })),
  { name: 'gatedAdd', shapes: [[2, 7, 8], [2, 7, 8], [2, 8]], terms: 16, run: gatedAdd },
  {
    name: 'modulation', shapes: [[2, 24], [6, 4]], terms: 4,
    run: (shared, table) => addN(modulation(shared, table).map((part, i) => mul(part, i + 1))),
  },
  {
    name: 'rotaryQueryKey', shapes: [[2, 5, 48], [8], [8], [5, 4], [5, 4]], terms: 64, differentiated: 3,
    run: (qkv, queryScale, keyScale, cos, sin) => {
      const [query, key, value] = rotaryQueryKey(qkv, queryScale, keyScale, cos, sin, 2);
      return add(add(mul(query, 2), mul(key, 3)), value);
    },
  },
  { name: 'velocityErrors', shapes: [[3, 5, 8], [3, 5, 8], [3, 5, 8]], terms: 40, run: velocityErrors },
  {
    name: 'preferenceLoss', shapes: [[4], [4], [1]], terms: 8, differentiated: 2,
    run: (policy, reference, halfBeta) => preferenceLoss(policy, reference, halfBeta),
  },
  { name: 'spaceToDepth', shapes: [[2, 5, 4, 6, 3]], terms: 1, run: (x) => spaceToDepth(x, [2, 2, 2]) },
  { name: 'depthToSpace', shapes: [[2, 3, 2, 3, 24]], terms: 1, run: (x) => depthToSpace(x, [2, 2, 2]) },
  {
    name: 'convolution 3 x 3 x 3', shapes: [[2, 4, 5, 6, 3], [3, 3, 3, 3, 5], [5]], terms: 240,
    run: (x, filter, bias) => convolution(x, filter, bias),
  },
  {
    name: 'convolution 1 x 3 x 3', shapes: [[2, 3, 5, 4, 4], [1, 3, 3, 4, 6]], terms: 120,
    run: (x, filter) => convolution(x, filter),
  },
  {
    name: 'convolution with an even kernel', shapes: [[1, 3, 4, 5, 2], [2, 2, 4, 2, 3]], terms: 60,
    run: (x, filter) => convolution(x, filter),
  },
  {
    name: 'convolution with strides', shapes: [[2, 5, 6, 8, 3], [3, 3, 3, 3, 4], [4]], terms: 160,
    run: (x, filter, bias) => convolution(x, filter, bias, [2, 2, 2]),
  },
];

function values(seed: number, shape: number[]): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.uniform(-1, 1));
}

/** Output and gradients of a case on a backend. */
async function results(backend: 'cpu' | 'wasm', { shapes, run, differentiated }: Case): Promise<Float32Array[]> {
  await setBackend(backend);
  const inputs = shapes.map((shape, i) => tensor(values(i + 1, shape), shape));
  const moving = inputs.slice(0, differentiated ?? inputs.length);
  const fixed = inputs.slice(moving.length);
  const outputs = tidy(() => {
    const { shape } = run(...inputs);
    return withGradients((...x) => run(...x, ...fixed), moving, tensor(values(99, shape), shape));
  });
  inputs.forEach((input) => input.dispose());
  return Promise.all(outputs.map(take));
}

describe('on the wasm backend', () => {
  test.each(cases)('$name and its gradients equal the oracle', async (one) => {
    const expected = await results('cpu', one);
    const actual = await results('wasm', one);
    expect(actual).toHaveLength(expected.length);
    expected.forEach((want, i) => {
      const name = i === 0 ? 'output' : `gradient to input ${i}`;
      assertClose(`${one.name} ${name}`, actual[i], want, ulpOfLargest(2 * one.terms, want));
    });
  });

  test('a changed value is noticed', async () => {
    const [expected] = await results('cpu', cases[0]);
    const [actual] = await results('wasm', cases[0]);
    actual[3] += 1e-4;
    expect(() => assertClose('changed', actual, expected, ulpOfLargest(40, expected))).toThrow('changed');
  });

  test('warp equals the oracle, NaN included', async () => {
    const offsets = values(2, [2, 3, 6, 5, 2]).map((value) => 4 * value);
    offsets[8] = NaN;
    offsets[21] = NaN;
    offsets[40] = Infinity;
    const run = async (backend: string) => {
      await setBackend(backend);
      return take(warp(tensor(values(1, [2, 6, 5, 3]), [2, 6, 5, 3]), tensor(offsets, [2, 3, 6, 5, 2])));
    };
    const expected = await run('cpu');
    const actual = await run('wasm');
    assertClose('warp', actual, expected, { absolute: 1e-6 });
    actual[12] = 0;
    expect(() => assertClose('warp without its NaN', actual, expected, { absolute: 1e-6 })).toThrow('NaN');
  });

  test('rigid equals the oracle, NaN included', async () => {
    const offsets = values(2, [2, 3, 18, 9, 2]).map((value) => 9 * value);
    offsets[8] = NaN;
    const weight = values(3, [2, 3, 18, 9]).map((value) => Math.max(value, 0));
    const run = async (backend: string) => {
      await setBackend(backend);
      return take(rigid(tensor(offsets, [2, 3, 18, 9, 2]), tensor(weight, [2, 3, 18, 9])));
    };
    const expected = await run('cpu');
    const actual = await run('wasm');
    assertClose('rigid', actual, expected, { absolute: 1e-5 });
    actual[500] += 1e-4;
    expect(() => assertClose('rigid changed', actual, expected, { absolute: 1e-5 })).toThrow('changed');
  });

  test('the normal stream is the same', async () => {
    const draw = async (backend: string) => {
      await setBackend(backend);
      return take(normal([40], tensor(normalKey(3, 5), [3], 'int32')));
    };
    expect(await draw('wasm')).toEqual(await draw('cpu'));
  });

  test('AdamW with clipping changes the state in place, and products see it', async () => {
    const step = async (backend: string) => {
      await setBackend(backend);
      const shape = [6, 4];
      const [parameter, gradient] = [1, 2].map((seed) => tensor(values(seed, shape), shape));
      const [first, second] = [3, 4].map((seed) => tensor(values(seed, shape).map(Math.abs), shape));
      const x = tensor(values(5, [3, 6]), [3, 6]);
      // The backend keeps a packed copy of the matrix from here on.
      const before = await take(linear(x, parameter));
      const { factor, norm } = clipFactor([gradient], 0.5);
      const settings = tensor(adamwSettings({ ...adamwDefaults, learningRate: 0.1 }, 3));
      adamw({ parameters: [parameter], first, second, gradients: [gradient], settings, gradientScale: factor });
      return { before, after: [linear(x, parameter), parameter, first, second, norm] };
    };
    const expected = await step('cpu');
    const wanted = await Promise.all(expected.after.map(take));
    const actual = await step('wasm');
    const got = await Promise.all(actual.after.map(take));
    got.forEach((have, i) => assertClose(`AdamW ${i}`, have, wanted[i], ulpOfLargest(24, wanted[i])));
    // The step is large enough to be seen at all.
    expect(Math.abs(got[0][0] - actual.before[0])).toBeGreaterThan(0.01);
  });
});
