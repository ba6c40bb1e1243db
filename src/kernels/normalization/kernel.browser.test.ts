// Layer norm on the GPU against its oracle: every variant, forward and every gradient.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
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
import source from '../../../shaders/normalization/forward.wgsl?raw';
import { gatedAddForward, gatedAddGateGradient, gatedAddValueGradient } from '../gated-add/oracle.ts';
import { specialize } from '../specialize.ts';
import { gatedLayerNorm } from './gated.ts';
import { layerNorm } from './kernel.ts';
import { layerNormForward, layerNormInputGradient, layerNormModulationGradients } from './oracle.ts';
import type { NormalizationShape } from './oracle.ts';
import { rowProgram } from './programs.ts';
import { forceVariant, hasSubgroupIds } from '../variants.ts';
import type { Variant } from '../variants.ts';

// WebNN allows 1 / 1024; f32 sums over a row do far better.
const tolerance = { absolute: 4e-6, relative: 4e-6 };
const sumTolerance = (shape: NormalizationShape) => ({
  absolute: 1e-6 * Math.sqrt(shape.rows / shape.groups) + 4e-6,
  relative: 4e-6,
});

// The modules' names, with and without the gated sum, where no subgroups add up.
const nameOf = (pass: string, GATED: number): string => specialize(`normalization/${pass}`, source, { GATED, SUBGROUPS: 0 }).name;

armNegativeControl(nameOf('forward', 0), { epsilon: 1e-3 });

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  forceVariant(null);
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

interface Results {
  x: Float32Array;
  scale: Float32Array;
  shift: Float32Array;
  dy: Float32Array;
  y: Float32Array;
  gradients: Float32Array[];
}

// x [B, L, C] with `groups` rows of scale and shift, values in offset -+ size.
async function run([B, L, C]: number[], groups: number, size = 2, offset = 0): Promise<Results> {
  const x = testValues(1, B * L * C, size).map((value) => value + offset);
  const scale = testValues(2, groups * C);
  const shift = testValues(3, groups * C);
  const dy = testValues(4, B * L * C);
  const inputs = [tf.tensor(x, [B, L, C]), tf.tensor(scale, [groups, C]), tf.tensor(shift, [groups, C])];
  const f = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor): tf.Tensor => layerNorm(a, b, c);
  const read = async (tensor: tf.Tensor): Promise<Float32Array> => (await tensor.data()) as Float32Array;
  const y = await read(layerNorm(inputs[0], inputs[1], inputs[2]));
  const gradients = tf.grads(f)(inputs, tf.tensor(dy, [B, L, C]));
  return { x, scale, shift, dy, y, gradients: await Promise.all(gradients.map(read)) };
}

function compare(name: string, results: Results, shape: NormalizationShape, absolute = 0): void {
  const { x, scale, shift, dy, y, gradients } = results;
  const forward = layerNormForward(x, scale, shift, shape);
  const { dscale, dshift } = layerNormModulationGradients(x, forward.statistics, dy, shape);
  const dx = layerNormInputGradient(x, scale, forward.statistics, dy, shape);
  const wider = { ...tolerance, absolute: tolerance.absolute + absolute };
  assertClose(`${name} y`, y, forward.y, wider);
  assertClose(`${name} dx`, gradients[0], dx, wider);
  const sums = sumTolerance(shape);
  assertClose(`${name} dscale`, gradients[1], dscale, { ...sums, absolute: sums.absolute + absolute });
  assertClose(`${name} dshift`, gradients[2], dshift, sums);
}

// The gated sum and its norm, then every gradient, of x [B, L, C] with `groups` rows of scale and shift.
async function gatedRun(variant: Variant | null, [B, L, C]: number[], groups: number, check: typeof assertClose = assertClose) {
  forceVariant(variant);
  const count = B * L * C;
  const [x, added, gate, scale, shift] = [count, count, B * C, groups * C, groups * C].map(
    (size, i) => testValues(i + 1, size, i < 2 ? 2 : 1));
  const [dsum, dy] = [testValues(6, count), testValues(7, count)];
  const read = async (tensor: tf.Tensor): Promise<Float32Array> => (await tensor.data()) as Float32Array;
  const shapes = [[B, L, C], [B, L, C], [B, C], [groups, C], [groups, C]];
  const inputs = [x, added, gate, scale, shift].map((values, i) => tf.tensor(values, shapes[i]));
  const both = (...[a, b, c, d, e]: tf.Tensor[]): tf.Tensor => tf.concat(gatedLayerNorm(a, b, c, d, e));
  const outputs = await Promise.all(gatedLayerNorm(inputs[0], inputs[1], inputs[2], inputs[3], inputs[4]).map(read));
  const gradients = await Promise.all(
    tf.grads(both)(inputs, tf.tensor([...dsum, ...dy], [2 * B, L, C])).map(read));

  const shape = { rows: B * L, channels: C, groups };
  const gatedOf = { batch: B, tokens: L, channels: C };
  const sum = gatedAddForward(x, added, gate, gatedOf);
  const forward = layerNormForward(sum, scale, shift, shape);
  const dx = layerNormInputGradient(sum, scale, forward.statistics, dy, shape).map((value, i) => value + dsum[i]);
  const { dscale, dshift } = layerNormModulationGradients(sum, forward.statistics, dy, shape);
  const name = `gatedLayerNorm [${B}, ${L}, ${C}]`;
  check(`${name} sum`, outputs[0], sum, tolerance);
  check(`${name} y`, outputs[1], forward.y, tolerance);
  check(`${name} dx`, gradients[0], dx, tolerance);
  check(`${name} dadded`, gradients[1], gatedAddValueGradient(dx, gate, gatedOf), tolerance);
  const gateSums = { absolute: 2e-6 * Math.sqrt(L) + 4e-6, relative: 4e-6 };
  check(`${name} dgate`, gradients[2], gatedAddGateGradient(dx, added, gatedOf), gateSums);
  check(`${name} dscale`, gradients[3], dscale, sumTolerance(shape));
  assertClose(`${name} dshift`, gradients[4], dshift, sumTolerance(shape));
}

const shapes: [number[], number][] = [
  [[1, 1, 4], 1],
  [[1, 3, 5], 1],
  [[2, 3, 7], 2],
  [[2, 63, 16], 1],
  [[1, 64, 24], 1],
  [[2, 65, 255], 2],
  // As many values as threads, and one that leaves some idle at the end: what a whole workgroup takes.
  [[2, 161, 256], 2],
  [[1, 5, 129], 1],
  [[3, 5, 260], 3],
];

for (const variant of ['register', 'staged', 'subgroups'] satisfies Variant[]) {
  test.each(shapes)(`${variant}: [%s], %i groups`, async ([B, L, C], groups) => {
    forceVariant(variant);
    const results = await run([B, L, C], groups);
    compare(`layerNorm [${B}, ${L}, ${C}]`, results, { rows: B * L, channels: C, groups });
  });

  test.each(shapes)(`${variant}: gated [%s], %i groups`, (shape, groups) => gatedRun(variant, shape, groups));

  test(`${variant}: a NaN in what is added spoils its row and no other`, async () => {
    forceVariant(variant);
    const added = testValues(2, 3 * 8);
    added[11] = NaN;
    const [x, gate, zeros] = [tf.ones([1, 3, 8]), tf.ones([1, 8]), tf.zeros([1, 8])];
    const [sum, y] = gatedLayerNorm(x, tf.tensor(added, [1, 3, 8]), gate, zeros, zeros);
    const spoiled = async (tensor: tf.Tensor) =>
      [...(await tensor.data<'float32'>()).entries()].filter(([, value]) => Number.isNaN(value)).map(([i]) => i);
    expect(await spoiled(sum)).toEqual([11]);
    expect(await spoiled(y)).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
  });

  test(`${variant}: large values and a large mean`, async () => {
    forceVariant(variant);
    const shape = { rows: 6, channels: 64, groups: 1 };
    compare('layerNorm large', await run([2, 3, 64], 1, 1e4), shape);
    // 1000 -+ 2: the inputs themselves carry errors of 2^-15 of their spread.
    compare('layerNorm offset', await run([2, 3, 64], 1, 2, 1000), shape, 3e-4);
  });

  test(`${variant}: a NaN spoils its row and no other`, async () => {
    forceVariant(variant);
    const x = testValues(1, 3 * 8);
    x[11] = NaN;
    const zeros = tf.zeros([1, 8]);
    const y = (await layerNorm(tf.tensor(x, [3, 8]), zeros, zeros).data()) as Float32Array;
    const shape = { rows: 3, channels: 8, groups: 1 };
    const wanted = layerNormForward(x, new Float32Array(8), new Float32Array(8), shape).y;
    expect([...wanted.keys()].filter((i) => Number.isNaN(wanted[i]))).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
    assertClose('layerNorm NaN', y, wanted, tolerance);
  });
}

test('subgroups add up where the adapter has them and a row takes a workgroup', () => {
  forceVariant('subgroups');
  const chosen = (channels: number) =>
    rowProgram(engine.device, 'normalization/forward', source, { rows: 2, channels, groups: 1 }, {}, []).shader.name;
  expect(chosen(256).includes('SUBGROUPS=1')).toBe(hasSubgroupIds(engine.device));
  expect(chosen(252).includes('SUBGROUPS=1')).toBe(false);
});

test('a video [B, T, H, W, C] is normalised over its channels', async () => {
  forceVariant(null);
  const x = testValues(5, 2 * 3 * 2 * 2 * 24);
  const scale = testValues(6, 24);
  const y = layerNorm(tf.tensor(x, [2, 3, 2, 2, 24]), tf.tensor(scale, [1, 24]), tf.zeros([1, 24]));
  expect(y.shape).toEqual([2, 3, 2, 2, 24]);
  const shape = { rows: 24, channels: 24, groups: 1 };
  const wanted = layerNormForward(x, scale, new Float32Array(24), shape).y;
  assertClose('layerNorm video', (await y.data()) as Float32Array, wanted, tolerance);
});

test('refuses modulation of another shape', () => {
  const x = tf.zeros([2, 3, 4]);
  expect(() => layerNorm(x, tf.zeros([3, 4]), tf.zeros([3, 4]))).toThrow(/needs scale and shift/);
  expect(() => layerNorm(x, tf.zeros([2, 4]), tf.zeros([1, 4]))).toThrow(/differ in shape/);
  const [gate, row] = [tf.zeros([2, 4]), tf.zeros([1, 4])];
  expect(() => gatedLayerNorm(x, tf.zeros([2, 2, 4]), gate, row, row)).toThrow(/differ in shape/);
  expect(() => gatedLayerNorm(x, x, row, row, row)).toThrow(/needs x and y \[B, L, C\] and gate/);
});

test('negative control: wrong constants are noticed', async () => {
  const shape = { rows: 8, channels: 16, groups: 2 };
  // Rows of small spread, where epsilon matters.
  const once = (): Promise<Results> => run([2, 4, 16], 2, 0.01);
  const { x, scale, shift, dy } = await once();
  const forward = layerNormForward(x, scale, shift, shape);
  await withBrokenConstants(nameOf('forward', 0), { epsilon: 1.1e-6 }, async () => {
    assertNotClose('y', (await once()).y, forward.y, tolerance);
  });
  await withBrokenConstants(nameOf('forward', 1), { unit: 1.001, epsilon: 1.1e-6 }, () =>
    withBrokenConstants(nameOf('gradient_input', 1), { unit: 1.001 }, () => gatedRun(null, [2, 4, 16], 2, assertNotClose)));
  await withBrokenConstants(nameOf('gradient_input', 0), { unit: 1.001 }, async () => {
    const dx = layerNormInputGradient(x, scale, forward.statistics, dy, shape);
    assertNotClose('dx', (await once()).gradients[0], dx, tolerance);
  });
  await withBrokenConstants('normalization/gradient_modulation', { unit: 1.001 }, async () => {
    const { dscale, dshift } = layerNormModulationGradients(x, forward.statistics, dy, shape);
    const { gradients } = await once();
    assertNotClose('dscale', gradients[1], dscale, sumTolerance(shape));
    assertNotClose('dshift', gradients[2], dshift, sumTolerance(shape));
  });
});
