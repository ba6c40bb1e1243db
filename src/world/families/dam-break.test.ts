// The water sets off with the acceleration that the pressure on the walls gives it, at two resolutions.

import { describe, expect, test } from 'vitest';
import { findScene } from '../family.ts';
import { framesPerSecond, type Scene } from '../scene.ts';
import { damBreak } from './dam-break.ts';

const scenes = Array.from({ length: 10 }, (_, seed) => findScene(damBreak, 'wide', seed).scene);
const columns = 24;

/** Volume over width, and where its middle is, at every frame. */
function middlesOf(
  scene: Scene, substeps: number, gravity?: number,
): { volumes: number[]; middles: number[] } {
  const { sizes, positions, frames } = damBreak.simulate(scene, { substeps, gravity });
  const volumes: number[] = [];
  const middles: number[] = [];
  for (let frame = 0; frame < frames; frame++) {
    let volume = 0;
    let moment = 0;
    for (let at = frame * columns * 3; at < (frame + 1) * columns * 3; at += 3) {
      volume += 4 * sizes![at] * sizes![at + 1];
      moment += 4 * sizes![at] * sizes![at + 1] * positions[at];
    }
    volumes.push(volume);
    middles.push(moment / volume);
  }
  return { volumes, middles };
}

/** Acceleration over the first two frames, in which no wave can be back from a wall. */
function accelerationOf(scene: Scene, substeps: number, gravity?: number): number {
  const { middles } = middlesOf(scene, substeps, gravity);
  return (2 * Math.abs(middles[2] - middles[0])) / (2 / framesPerSecond) ** 2;
}

describe.each([4, 8])('with %i cells a column', (substeps) => {
  test('the middle accelerates by the law, and in another gravity does not', () => {
    for (const scene of scenes) {
      const expected = damBreak.law.expected(scene);
      expect(Math.abs(accelerationOf(scene, substeps) / expected - 1)).toBeLessThan(0.09);
      expect(Math.abs(accelerationOf(scene, substeps, 7) / expected - 1)).toBeGreaterThan(0.18);
    }
  });

  test('no water is lost, and waves lose energy only', () => {
    for (const scene of scenes) {
      const { volumes } = middlesOf(scene, substeps);
      volumes.forEach((volume) => expect(volume / volumes[0]).toBeCloseTo(1, 5));
      const { energy } = damBreak.simulate(scene, { substeps });
      for (let frame = 1; frame < energy.length; frame++) {
        expect(energy[frame]).toBeLessThanOrEqual(energy[frame - 1]);
      }
    }
  });
});
