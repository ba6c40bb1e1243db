import { expect, test } from 'vitest';
import { testValues } from '../compare.ts';
import { warpForward } from './oracle.ts';

const shape = { batch: 2, frames: 3, height: 4, width: 5, channels: 2 };
const image = testValues(1, 2 * 4 * 5 * 2);
const constant = (x: number, y: number): number[] => Array.from({ length: 2 * 3 * 4 * 5 }, () => [x, y]).flat();
const pixel = (batch: number, row: number, column: number): number[] => {
  const at = ((batch * 4 + row) * 5 + column) * 2;
  return [image[at], image[at + 1]];
};
const found = (values: Float64Array, batch: number, row: number, column: number): number[] => {
  const at = (((batch * 3 + 2) * 4 + row) * 5 + column) * 2;
  return [...values.subarray(at, at + 2)];
};

test('no offset repeats the image in every frame', () => {
  const y = warpForward(image, constant(0, 0), shape);
  for (const batch of [0, 1]) expect(found(y, batch, 3, 4)).toEqual(pixel(batch, 3, 4));
});

test('whole offsets move pixels, and the border goes on', () => {
  const y = warpForward(image, constant(1, -2), shape);
  expect(found(y, 1, 3, 2)).toEqual(pixel(1, 1, 3));
  expect(found(y, 0, 1, 4)).toEqual(pixel(0, 0, 4));
  expect(found(warpForward(image, constant(Infinity, -Infinity), shape), 0, 2, 2)).toEqual(pixel(0, 0, 4));
});

test('between pixels it is exact for what is linear', () => {
  const plane = Float64Array.from({ length: 4 * 5 }, (_, i) => 3 * Math.floor(i / 5) - 2 * (i % 5));
  const one = { batch: 1, frames: 1, height: 4, width: 5, channels: 1 };
  const y = warpForward(plane, Array.from({ length: 20 }, () => [0.25, 0.75]).flat(), one);
  expect(y[5 + 2]).toBeCloseTo(3 * 1.75 - 2 * 2.25, 12);
});

test('a place that is not a number gives no number', () => {
  const offsets = constant(0, 0);
  offsets[2 * 7] = NaN;
  const y = warpForward(image, offsets, shape);
  expect([...y.subarray(14, 16)]).toEqual([NaN, NaN]);
  expect(y.filter(Number.isNaN)).toHaveLength(2);
});
