// The tank runs empty as Torricelli's law says, at two time steps, and its water arrives in the basin.

import { describe, expect, test } from 'vitest';
import { findScene } from '../family.ts';
import { clipFrames, framesPerSecond, gravity, type Scene } from '../scene.ts';
import { pouring } from './pouring.ts';

const scenes = Array.from({ length: 10 }, (_, seed) => findScene(pouring, 'wide', seed).scene);

/** Largest error of the root of the level, as a share of the first, for a time to run empty in. */
function worstError(scene: Scene, substeps: number, emptying: number): number {
  const { energy } = pouring.simulate(scene, { substeps });
  let worst = 0;
  for (let frame = 0; frame < clipFrames; frame++) {
    const expected = 1 - frame / framesPerSecond / emptying;
    worst = Math.max(worst, Math.abs(Math.sqrt(energy[frame] / energy[0]) - expected));
  }
  return worst;
}

describe.each([4, 8])('with %i substeps', (substeps) => {
  test('the root of the level falls evenly, and not for another time', () => {
    for (const scene of scenes) {
      const emptying = pouring.law.expected(scene);
      expect(worstError(scene, substeps, emptying)).toBeLessThan(1e-5);
      expect(worstError(scene, substeps, 1.2 * emptying)).toBeGreaterThan(0.01);
    }
  });

  test('what has left the tank is in the stream or in the basin', () => {
    for (const scene of scenes) {
      const { energy, sizes, objects } = pouring.simulate(scene, { substeps });
      const { spout, axis } = scene.parameters!;
      const floor = 4 * scene.objects[1].size[0] * scene.objects[1].size[2];
      for (let frame = 5; frame < clipFrames; frame++) {
        const gained = 2 * (sizes![(frame * objects + 1) * 3 + 1] - scene.objects[1].size[1]) * floor;
        // In flight is what left in the last third of a second or so.
        const fall = Math.sqrt((2 * axis) / gravity);
        const height = (energy[frame] / energy[0]) * scene.parameters!.height;
        const stream = Math.PI * spout * spout * Math.sqrt(2 * gravity * height) * fall;
        const lost = energy[0] - energy[frame];
        expect(gained).toBeLessThan(lost);
        expect(gained).toBeGreaterThan(lost - 1.15 * stream);
      }
    }
  });
});

test('water leaves the spout as fast as it would have fallen from the surface', () => {
  for (const scene of scenes) {
    const { positions, objects } = pouring.simulate(scene);
    const { mouth, axis, height, direction } = scene.parameters!;
    // The first water to leave, after two frames.
    const tips = Array.from({ length: objects - 2 }, (_, i) => (2 * objects + 2 + i) * 3);
    const wayOf = (i: number) => direction * positions[i];
    const at = tips.reduce((far, i) => (wayOf(i) > wayOf(far) ? i : far), tips[0]);
    const age = Math.sqrt((2 * (axis - positions[at + 1])) / gravity);
    const speed = (wayOf(at) - mouth) / age;
    expect(Math.abs(speed / Math.sqrt(2 * gravity * height) - 1)).toBeLessThan(0.03);
  }
});
