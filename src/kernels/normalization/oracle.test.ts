import { expect, test } from 'vitest';
import { assertGradients, testValues } from '../compare.ts';
import { layerNormForward, layerNormInputGradient, layerNormModulationGradients } from './oracle.ts';

const values = (seed: number, count: number): Float64Array => Float64Array.from(testValues(seed, count, 2));

test.each([
  { rows: 1, channels: 3, groups: 1 },
  { rows: 6, channels: 5, groups: 1 },
  { rows: 6, channels: 5, groups: 2 },
  { rows: 4, channels: 8, groups: 4 },
])('gradients agree with central differences: $rows rows, $channels channels, $groups groups', (shape) => {
  const x = values(1, shape.rows * shape.channels);
  const scale = values(2, shape.groups * shape.channels);
  const shift = values(3, shape.groups * shape.channels);
  const dy = values(4, x.length);
  const { statistics } = layerNormForward(x, scale, shift, shape);
  const { dscale, dshift } = layerNormModulationGradients(x, statistics, dy, shape);
  const dx = layerNormInputGradient(x, scale, statistics, dy, shape);
  const forward = (inputs: Float64Array[]): Float64Array =>
    layerNormForward(inputs[0], inputs[1], inputs[2], shape).y;
  assertGradients('layerNorm', forward, [x, scale, shift], dy, [dx, dscale, dshift]);
});

test('rows have mean 0 and variance 1 before the modulation', () => {
  const shape = { rows: 3, channels: 64, groups: 1 };
  const { y } = layerNormForward(values(5, 192), new Float64Array(64), new Float64Array(64), shape);
  for (let row = 0; row < 3; row++) {
    const one = y.subarray(row * 64, row * 64 + 64);
    const mean = one.reduce((sum, value) => sum + value, 0) / 64;
    expect(mean).toBeCloseTo(0, 12);
    expect(one.reduce((sum, value) => sum + value * value, 0) / 64).toBeCloseTo(1, 5);
  }
});
