import { expect, test } from 'vitest';
import { testValues } from '../compare.ts';
import { believed, reach, rigidForward } from './oracle.ts';

const shape = { pictures: 2, height: 20, width: 24 };
const size = shape.height * shape.width;
const ones = Array.from({ length: shape.pictures * size }, () => 1);

/** Offsets of a turn by `angle` about a place, and a shift. */
function motion(angle: number, column: number, row: number, shift: [number, number]): number[] {
  return ones.flatMap((_, i) => {
    const [x, y] = [(i % shape.width) - column, (Math.floor(i / shape.width) % shape.height) - row];
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    return [cosine * x - sine * y - x + shift[0], sine * x + cosine * y - y + shift[1]];
  });
}

const at = (values: ArrayLike<number>, picture: number, row: number, column: number): number[] => {
  const start = 2 * ((picture * shape.height + row) * shape.width + column);
  return [values[start], values[start + 1]];
};

test('a shift is found everywhere, by a body of one pixel too', () => {
  const weight = ones.map((_, i) => Number(i === 5 * shape.width + 6));
  const y = rigidForward(motion(0, 0, 0, [9.5, -3]), weight, shape);
  const share = 1 / (1 + believed);
  for (const [row, column] of [[5, 6], [5 + reach, 0], [0, 6 + reach]]) {
    expect(at(y, 0, row, column)[0]).toBeCloseTo(9.5 * share, 9);
    expect(at(y, 0, row, column)[1]).toBeCloseTo(-3 * share, 9);
  }
  expect(at(y, 0, 5, 6 + reach + 1)).toEqual([0, 0]);
  expect(at(y, 1, 5, 6)).toEqual([0, 0]);
});

test('a turn of a whole neighbourhood is found, but for the little by which it is held back', () => {
  const offsets = motion(0.4, 11, 9, [4, 2]);
  const y = rigidForward(offsets, ones, shape);
  const [x, z] = at(offsets, 0, 12, 14);
  expect(Math.hypot(at(y, 0, 12, 14)[0] - x, at(y, 0, 12, 14)[1] - z)).toBeLessThan(0.05);
});

test('noise of single pixels is averaged, and what weighs nothing counts nothing', () => {
  const noise = testValues(3, 2 * ones.length, 1);
  const offsets = motion(0, 0, 0, [6, 1]).map((value, i) => value + noise[i]);
  const y = rigidForward(offsets, ones, shape);
  expect(Math.abs(at(y, 1, 10, 12)[0] - 6)).toBeLessThan(0.2);
  const weight = ones.map((_, i) => Number(i % shape.width < 12));
  const other = offsets.map((value, i) => (Math.floor(i / 2) % shape.width < 12 ? value : value - 40));
  expect(at(rigidForward(other, weight, shape), 0, 10, 14)).toEqual(at(rigidForward(offsets, weight, shape), 0, 10, 14));
  expect(at(rigidForward(other, ones, shape), 0, 10, 14)[0]).toBeLessThan(0);
});

test('a number that is none spoils what is near it and nothing else', () => {
  const offsets = motion(0, 0, 0, [1, 1]);
  offsets[2 * (10 * shape.width + 12)] = NaN;
  const y = rigidForward(offsets, ones, shape);
  expect(at(y, 0, 10 + reach, 12 - reach)[0]).toBeNaN();
  expect(at(y, 0, 10 + reach + 1, 12)[0]).not.toBeNaN();
  expect(at(y, 1, 10, 12)[0]).not.toBeNaN();
});
