import { expect, test } from 'vitest';
import { summaryOf } from './series.ts';

test('the window looks back only', () => {
  expect(summaryOf([1, 3, 5, 7], 2)).toEqual({ average: [1, 2, 4, 6], low: [1, 1, 3, 5], high: [1, 3, 5, 7] });
});

test('adding a point leaves the past as it was', () => {
  const values = [0.7, 0.2, 0.9, 0.4, 0.1];
  const before = summaryOf(values.slice(0, 4), 3);
  const after = summaryOf(values, 3);
  expect(after.average.slice(0, 4)).toEqual(before.average);
  expect(after.low.slice(0, 4)).toEqual(before.low);
});

test('what is not a number leaves a gap rather than a wrong line', () => {
  expect(summaryOf([Number.NaN, 2], 2)).toEqual({ average: [null, 2], low: [null, 2], high: [null, 2] });
});
