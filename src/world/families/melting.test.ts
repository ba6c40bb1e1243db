// Ice melts as the closed form says, at two time steps, and none of its water is lost.

import { describe, expect, test } from 'vitest';
import { findScene } from '../family.ts';
import { clipFrames, framesPerSecond, type Scene } from '../scene.ts';
import { melting, volumeOf } from './melting.ts';

const scenes = Array.from({ length: 12 }, (_, seed) => findScene(melting, 'wide', seed).scene);

/** Largest error of the volume over the clip, as a share of the first, for a rate in m^3/s. */
function worstError(scene: Scene, substeps: number, rate: number): number {
  const { energy } = melting.simulate(scene, { substeps });
  const volume = volumeOf(scene.objects[0]);
  let worst = 0;
  for (let frame = 0; frame < clipFrames; frame++) {
    const expected = Math.max(0, volume - (rate * frame) / framesPerSecond);
    worst = Math.max(worst, Math.abs(energy[frame] - expected) / volume);
  }
  return worst;
}

describe.each([4, 8])('with %i substeps', (substeps) => {
  test('the volume falls evenly at the rate of the plate, and not at another', () => {
    for (const scene of scenes) {
      const { melting: rate } = scene.parameters!;
      expect(worstError(scene, substeps, rate)).toBeLessThan(2e-3);
      expect(worstError(scene, substeps, 1.1 * rate)).toBeGreaterThan(0.02);
    }
  });

  test('the puddle holds what the ice has lost', () => {
    for (const scene of scenes) {
      const { sizes, energy, objects } = melting.simulate(scene, { substeps });
      const [radius, half] = sizes!.subarray(3, 6);
      for (let frame = 0; frame < clipFrames; frame++) {
        const wide = sizes![(frame * objects + 1) * 3];
        const water = Math.PI * 2 * half * (wide * wide - radius * radius);
        expect(water).toBeCloseTo(energy[0] - energy[frame], 4);
      }
    }
  });
});

test('the step matters where the ice is nearly gone, and less the shorter it is', () => {
  const gone = scenes.find((scene) => melting.simulate(scene).energy[clipFrames - 1] < 1e-4)!;
  const errors = [1, 2, 4, 8].map((substeps) => worstError(gone, substeps, gone.parameters!.melting));
  expect(errors[3]).toBeLessThan(errors[0]);
});

test('a wider and a brighter plate melt more', () => {
  const plates = Array.from({ length: 80 }, (_, seed) => findScene(melting, 'train', seed).scene);
  const meanOf = (chosen: Scene[]) =>
    chosen.reduce((sum, scene) => sum + scene.parameters!.melting, 0) / chosen.length;
  for (const factor of ['plate', 'glow']) {
    const [low, , high] = [0, 1, 2].map((bin) => meanOf(plates.filter(({ bins }) => bins![factor] === bin)));
    expect(high).toBeGreaterThan(1.2 * low);
  }
});
