// What families measure with, on motions of which the answer is known.

import { expect, test } from 'vitest';
import { steadySpeed } from './laws.ts';
import { framesPerSecond } from './scene.ts';

const times = Array.from({ length: 25 }, (_, frame) => frame / framesPerSecond);

test('a steady speed is found between two places, and ends where something is met', () => {
  expect(steadySpeed(times.map((t) => 1.2 * t), 0.2, 1.5)).toBeCloseTo(1.2, 9);
  // Met at x = 0.7, between two frames: back at half the speed.
  const rebound = times.map((t) => (1.2 * t < 0.7 ? 1.2 * t : 0.7 - 0.6 * (t - 0.7 / 1.2)));
  expect(steadySpeed(rebound, 0.1, 0.67)).toBeCloseTo(1.2, 9);
  expect(steadySpeed(rebound, 0.1, 2)).toBeCloseTo(1.2, 9);
});

test('jitter of half a pixel does not end a slow motion', () => {
  const slow = times.map((t, i) => 0.3 * t + (i % 2 === 0 ? 0.008 : -0.008));
  expect(Math.abs(steadySpeed(slow, 0, 1) / 0.3 - 1)).toBeLessThan(0.05);
});

test('nothing that moves, and too few frames, have no steady speed', () => {
  expect(steadySpeed(times.map(() => 0.1), 0.2, 1)).toBeNaN();
  expect(steadySpeed(times.map((t) => 3 * t), 0.3, 0.6)).toBeNaN();
});
