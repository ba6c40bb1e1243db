import { expect, test } from 'vitest';
import { interpolateForward } from './oracle.ts';

test('a path begins at the noise, ends at the data and is straight', () => {
  const [data, noise] = [[1, 2, 3, 4], [-1, 0, 1, 8]];
  expect([...interpolateForward(data, noise, [0])]).toEqual(noise);
  expect([...interpolateForward(data, noise, [1])]).toEqual(data);
  expect([...interpolateForward(data, noise, [0.25])]).toEqual([-0.5, 0.5, 1.5, 7]);
});

test('every clip has its own time; fewer clips of noise are gone through again', () => {
  expect([...interpolateForward([1, 2, 3, 4], [5, 6], [0, 1])]).toEqual([5, 6, 3, 4]);
  expect([...interpolateForward([1, 2, 3, 4], [5, 6], [0, 0])]).toEqual([5, 6, 5, 6]);
});
