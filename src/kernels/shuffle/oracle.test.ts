import { expect, test } from 'vitest';
import { assertGradients, testValues } from '../compare.ts';
import { depthToSpace, foldedShape, spaceToDepth, unfoldedShape } from './oracle.ts';
import type { Factor, VideoShape } from './oracle.ts';

const cases: [VideoShape, Factor][] = [
  [[1, 1, 1, 1, 3], [1, 1, 1]],
  [[2, 3, 4, 6, 3], [1, 2, 2]],
  [[2, 3, 4, 2, 3], [2, 2, 1]],
  [[1, 7, 3, 3, 2], [3, 3, 1]],
];

test.each(cases)('[%s] by [%s]: inverse, and each is the other transposed', (shape, factor) => {
  const size = shape.reduce((product, length) => product * length, 1);
  const x = Float64Array.from(testValues(1, size));
  const folded = spaceToDepth(x, shape, factor);
  const depthShape = foldedShape(shape, factor);
  expect(unfoldedShape(depthShape, factor)).toEqual(shape);
  expect(depthToSpace(folded, depthShape, factor)).toEqual(x);
  const dy = Float64Array.from(testValues(2, folded.length));
  const fold = ([values]: Float64Array[]): Float64Array => spaceToDepth(values, shape, factor);
  assertGradients('spaceToDepth', fold, [x], dy, [depthToSpace(dy, depthShape, factor)]);
  const unfold = ([values]: Float64Array[]): Float64Array => depthToSpace(values, depthShape, factor);
  assertGradients('depthToSpace', unfold, [dy], x, [spaceToDepth(x, shape, factor)]);
});

test('channels are ordered (ft, fh, fw, c) and time is causal', () => {
  // Two frames of 2 x 2 pixels, one channel, values 0..7.
  const x = [0, 1, 2, 3, 4, 5, 6, 7];
  expect([...spaceToDepth(x, [1, 2, 2, 2, 1], [1, 2, 2])]).toEqual(x);
  // Three frames of one pixel fold into two blocks; the first has a missing frame in front.
  expect([...spaceToDepth([1, 2, 3], [1, 3, 1, 1, 1], [2, 1, 1])]).toEqual([0, 1, 2, 3]);
  expect([...depthToSpace([9, 1, 2, 3], [1, 2, 1, 1, 2], [2, 1, 1])]).toEqual([1, 2, 3]);
  // Width 4 by 2: the left pair of pixels of both rows, then the right one.
  expect([...spaceToDepth(x, [1, 1, 2, 4, 1], [1, 2, 2])]).toEqual([0, 1, 4, 5, 2, 3, 6, 7]);
  expect(() => foldedShape([1, 2, 2, 2, 1], [2, 1, 1])).toThrow(/cannot be folded/);
  expect(() => unfoldedShape([1, 2, 2, 2, 3], [1, 2, 1])).toThrow(/cannot be unfolded/);
});
