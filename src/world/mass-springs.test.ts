// Soft bodies against what has a closed form: two masses on a spring, and the momenta that springs cannot
// change.

import { expect, test } from 'vitest';
import { softBody, stepSoftBody, type SoftBody } from './mass-springs.ts';

const stiffness = 900;

function pair(): SoftBody {
  const body = softBody(Float64Array.of(0, 9, 0, 1, 9, 0), 0.1, 1.5, { stiffness, damping: 0, friction: 0 });
  body.positions[3] += 0.1;
  return body;
}

/** Largest error of the length of a spring between two masses over a second, for a stiffness. */
function worstError(steps: number, of: number): number {
  const body = pair();
  let worst = 0;
  for (let i = 1; i <= steps; i++) {
    stepSoftBody(body, 1 / steps, 0);
    // Each mass moves against half the spring: the frequency is sqrt(2 k).
    const length = 1 + 0.1 * Math.cos((Math.sqrt(2 * of) * i) / steps);
    worst = Math.max(worst, Math.abs(body.positions[3] - body.positions[0] - length));
  }
  return worst;
}

test('two masses swing as sqrt(2 k), the closer the shorter the step', () => {
  const [coarse, fine] = [1000, 2000].map((steps) => worstError(steps, stiffness));
  expect(fine).toBeLessThan(0.003);
  expect(fine).toBeLessThan(0.6 * coarse);
  expect(worstError(2000, 1.1 * stiffness)).toBeGreaterThan(0.05);
});

test('springs change neither momentum nor angular momentum, damped or not', () => {
  const nodes = Float64Array.from({ length: 24 }, (_, i) =>
    5 + ((i * 7) % 5) * 0.2 + Math.floor(i / 3) * 0.1);
  const body = softBody(nodes, 0.1, 3, { stiffness, damping: 5, friction: 5 });
  body.velocities.forEach((_, i) => { body.velocities[i] = ((i * 5) % 7) - 3; });
  const momenta = () => {
    const sums = [0, 0, 0, 0];
    for (let i = 0; i < 24; i += 3) {
      for (let c = 0; c < 3; c++) sums[c] += body.velocities[i + c];
      sums[3] += body.positions[i] * body.velocities[i + 1] - body.positions[i + 1] * body.velocities[i];
    }
    return sums;
  };
  const before = momenta();
  for (let i = 0; i < 400; i++) stepSoftBody(body, 0.001, 0);
  momenta().forEach((value, i) => expect(value).toBeCloseTo(before[i], 8));
});
