// The convolution oracle: gradients against central differences, causality, padding and stride by hand.

import { expect, test } from 'vitest';
import { assertGradients, testValues } from '../compare.ts';
import { columnSums } from '../linear/oracle.ts';
import {
  convolutionFilterGradient,
  convolutionForward,
  convolutionInputGradient,
  convolutionShape,
} from './oracle.ts';

const size = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);
const wide = (seed: number, shape: readonly number[]): Float64Array =>
  new Float64Array(testValues(seed, size(shape), 1.5));

test.each([
  { x: [1, 1, 1, 1, 1], filter: [1, 1, 1, 1, 1], stride: [1, 1, 1] },
  { x: [2, 3, 3, 2, 2], filter: [3, 3, 1, 2, 3], stride: [1, 1, 1] },
  { x: [1, 4, 3, 5, 2], filter: [3, 3, 3, 2, 2], stride: [2, 2, 2] },
  { x: [1, 3, 4, 4, 1], filter: [2, 1, 3, 1, 2], stride: [1, 2, 1] },
])('gradients at %o', ({ x: xShape, filter: filterShape, stride }) => {
  const shape = convolutionShape(xShape, filterShape, stride);
  const x = wide(1, xShape);
  const filter = wide(2, filterShape);
  const bias = wide(3, [shape.channelsOut]);
  const positions = shape.batch * size(shape.output);
  const dy = wide(4, [positions, shape.channelsOut]);
  assertGradients('convolution', ([a, b, c]) => convolutionForward(a, b, c, shape), [x, filter, bias], dy, [
    convolutionInputGradient(dy, filter, shape),
    convolutionFilterGradient(x, dy, shape),
    columnSums(dy, positions, shape.channelsOut),
  ]);
});

test('time is causal, space is centred, outside is zero', () => {
  const time = convolutionShape([1, 4, 1, 1, 1], [3, 1, 1, 1, 1], [1, 1, 1]);
  expect([...convolutionForward([1, 2, 3, 4], [100, 10, 1], null, time)]).toEqual([1, 12, 123, 234]);
  const across = convolutionShape([1, 1, 1, 4, 1], [1, 1, 3, 1, 1], [1, 1, 1]);
  expect([...convolutionForward([1, 2, 3, 4], [100, 10, 1], [0.5], across)]).toEqual([12.5, 123.5, 234.5, 340.5]);
});

test('a stride of 2 keeps the first frame and halves upwards', () => {
  const shape = convolutionShape([1, 5, 1, 1, 1], [3, 1, 1, 1, 1], [2, 1, 1]);
  expect(shape.output).toEqual([3, 1, 1]);
  expect([...convolutionForward([1, 2, 3, 4, 5], [100, 10, 1], null, shape)]).toEqual([1, 123, 345]);
});
