// The diagnostics recognise motions that obey the laws and motions that do not.

import { describe, expect, test } from 'vitest';
import { fallLength, fallRatio, fitGravity, largestEnergyRise } from './laws.ts';

const times = Array.from({ length: 10 }, (_, i) => i * 0.08);

describe('laws', () => {
  test('g of a parabola is found, with noise roughly, and a steady sinking is not a fall', () => {
    const parabola = times.map((t) => 2 - 4.905 * t * t);
    expect(fitGravity(times, parabola)).toBeCloseTo(9.81, 9);
    const noisy = parabola.map((height, i) => height + (i % 2 === 0 ? 0.01 : -0.01));
    expect(Math.abs(fitGravity(times, noisy) - 9.81)).toBeLessThan(0.3);
    expect(Math.abs(fitGravity(times, times.map((t) => 2 - t)) - 9.81)).toBeGreaterThan(5);
    expect(fitGravity([0, 1], [1, 0])).toBeNaN();
  });

  test('a fall ends where the drops stop growing', () => {
    expect(fallLength([10, 9, 7, 4, 3.5, 3.5])).toBe(4);
    expect(fallLength([10, 9, 7, 4])).toBe(4);
    expect(fallLength([1, 2])).toBe(1);
    expect(fallLength([1])).toBe(1);
  });

  test('t^2 goes with height', () => {
    expect(fallRatio([2, 4], [1, 1])).toBeCloseTo(1, 12);
    expect(fallRatio([2, 2], [1, 1])).toBeCloseTo(2, 12);
  });

  test('a rise of energy is measured from the lowest value before it', () => {
    expect(largestEnergyRise([10, 8, 5, 5])).toBe(0);
    expect(largestEnergyRise([10, 5, 6, 4])).toBeCloseTo(0.1, 12);
  });
});
