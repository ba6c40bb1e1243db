// The wave of simulated rows against van Leeuwen's theory, and the theory against what it must be.

import { beforeAll, describe, expect, test } from 'vitest';
import { passingTimes, type DominoRow } from '../domino-wave.ts';
import { largestEnergyRise } from '../../metrics/laws.ts';
import { framesPerSecond, type Scene, type Trajectory } from '../scene.ts';
import { createWorld, type World } from '../world.ts';
import { dominoes, rowOf } from './dominoes.ts';

let world: World;
let scenes: Scene[];
beforeAll(async () => {
  world = await createWorld();
  scenes = Array.from({ length: 10 }, (_, seed) => world.scene('dominoes', 'wide', seed));
}, 60_000);

const mark = 0.25;

/** When each domino but the first passes the mark, by its true angle. */
function timesOf(scene: Scene, { rotations, objects, frames }: Trajectory): number[] {
  const { side } = rowOf(scene);
  const angle = (frame: number, k: number) => {
    const at = (frame * objects + k) * 4;
    return -2 * side * Math.atan2(rotations[at + 2], rotations[at + 3]);
  };
  return Array.from({ length: objects - 1 }, (_, index) => {
    for (let frame = 1; frame < frames; frame++) {
      const [before, now] = [angle(frame - 1, index + 1), angle(frame, index + 1)];
      if (now >= mark) return (frame - (now - mark) / (now - before)) / framesPerSecond;
    }
    return NaN;
  });
}

/** Relative differences of the arrival at the last domino, counted from the second, ascending. */
function errors(
  options: { substeps?: number; gravity?: number }, change = (row: DominoRow) => row,
): number[] {
  return scenes.map((scene) => {
    const times = timesOf(scene, dominoes.simulate(scene, options));
    const [, ...theory] = passingTimes(change(rowOf(scene).row), mark);
    const last = times.length - 1;
    return Math.abs((times[last] - times[0]) / (theory[last] - theory[0]) - 1);
  }).toSorted((a, b) => a - b);
}

test.each([4, 8])('the wave arrives when theory says, with %i steps a frame', (substeps) => {
  const found = errors({ substeps });
  expect(found[found.length >> 1]).toBeLessThan(0.07);
  expect(found[found.length - 1]).toBeLessThan(0.16);
});

test('another gravity, or theory without friction or with equal masses, is noticed', () => {
  const middle = (found: number[]) => found[found.length >> 1];
  expect(middle(errors({ gravity: 7 }))).toBeGreaterThan(0.12);
  const smooth = errors({}, (row) => ({ ...row, frictions: row.frictions.map(() => 0) }));
  expect(middle(smooth)).toBeGreaterThan(0.12);
  const alike = errors({}, (row) => ({ ...row, masses: row.masses.map(() => 1) }));
  expect(middle(alike)).toBeGreaterThan(0.1);
});

test('every domino falls, one after the other, and energy does not rise', () => {
  for (const scene of scenes) {
    const trajectory = world.simulate(scene);
    const times = timesOf(scene, trajectory);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.every(Number.isFinite)).toBe(true);
    expect(largestEnergyRise(trajectory.energy)).toBeLessThan(0.01);
  }
});

describe('the theory', () => {
  const row: DominoRow = {
    height: 0.6, thickness: 0.09, gap: 0.24, tilt: 0.25, masses: [1, 1, 1, 1], frictions: [0, 0, 0, 0],
  };

  test('one domino falls as a pendulum on its head: time by the energy integral', () => {
    const balance = Math.atan2(row.thickness, row.height);
    const length = Math.hypot(row.height, row.thickness) / 2;
    const stiffness = (3 * 9.81) / (4 * length);
    // rate^2 / 2 = stiffness (cos(start) - cos(phi)); phi = start + u^2 takes the root's pole away.
    const start = row.tilt - balance;
    const steps = 4000;
    const end = Math.sqrt(0.38 - row.tilt);
    let time = 0;
    for (let i = 0; i < steps; i++) {
      const u = ((i + 0.5) * end) / steps;
      const fall = Math.cos(start) - Math.cos(start + u * u);
      time += (2 * u * (end / steps)) / Math.sqrt(2 * stiffness * fall);
    }
    expect(passingTimes({ ...row, masses: [2], frictions: [0.5] }, 0.38)[0]).toBeCloseTo(time, 3);
  });

  test('times grow with the root of the size, and do not care for all masses alike', () => {
    const [, ...times] = passingTimes(row, mark);
    const large = { ...row, height: 2.4, thickness: 0.36, gap: 0.96, masses: [5, 5, 5, 5] };
    const [, ...later] = passingTimes(large, mark);
    times.forEach((time, k) => expect(later[k] / time).toBeCloseTo(2, 2));
  });

  test('a wave that has not the weight to go on stops', () => {
    const [, ...times] = passingTimes({ ...row, tilt: 0.2, masses: [1, 60, 60, 60] }, mark);
    expect(times.every(Number.isNaN)).toBe(true);
  });
});
