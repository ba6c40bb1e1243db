// Shallow water against Ritter's dam break over a dry floor, at two resolutions, and against what it must
// keep.

import { expect, test } from 'vitest';
import { ShallowWater } from './shallow-water.ts';

const g = 9.81;
const height = 0.8;
const span = 4;
const until = 0.25;

/** Mean error in metres of a dam break at x = 0 in -2 .. 2, after a quarter of a second. */
function ritterError(cells: number, gravity: number): number {
  const dx = span / cells;
  const start = Float64Array.from({ length: cells }, (_, i) => (i < cells / 2 ? height : 0));
  const water = new ShallowWater(start, dx, g);
  const steps = Math.ceil((until * 6) / (0.9 * dx));
  for (let i = 0; i < steps; i++) water.step(until / steps);
  const celerity = Math.sqrt(gravity * height);
  return water.depth.reduce((sum, depth, i) => {
    const speed = ((i + 0.5) * dx - span / 2) / until;
    const exact = speed < -celerity
      ? height
      : speed > 2 * celerity ? 0 : (2 * celerity - speed) ** 2 / (9 * gravity);
    return sum + Math.abs(depth - exact) / cells;
  }, 0);
}

test('a dam break is Ritter\'s, the closer the finer, and not that of another gravity', () => {
  const [coarse, fine] = [200, 400].map((cells) => ritterError(cells, g));
  expect(coarse).toBeLessThan(0.006);
  expect(fine).toBeLessThan(0.7 * coarse);
  expect(ritterError(400, 0.8 * g)).toBeGreaterThan(2 * fine);
});

test('volume stays, energy falls, and still water stays still', () => {
  const depth = Float64Array.from({ length: 100 }, (_, i) => (i < 30 ? 0.9 : i < 60 ? 0.1 : 0));
  const water = new ShallowWater(depth, 0.02, g);
  const volume = () => water.depth.reduce((sum, value) => sum + value, 0);
  const first = volume();
  let energy = water.energy();
  for (let i = 0; i < 800; i++) {
    water.step(0.0025);
    expect(water.energy()).toBeLessThanOrEqual(energy * (1 + 1e-12));
    energy = water.energy();
  }
  expect(volume()).toBeCloseTo(first, 10);
  expect(Math.min(...water.depth)).toBeGreaterThanOrEqual(0);
  const still = new ShallowWater(new Float64Array(20).fill(0.3), 0.05, g);
  for (let i = 0; i < 50; i++) still.step(0.01);
  still.depth.forEach((value) => expect(value).toBeCloseTo(0.3, 12));
});
