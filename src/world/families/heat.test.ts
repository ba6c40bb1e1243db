// The rows of blocks conduct heat as the closed form of a half-infinite row says, at two time steps.

import { describe, expect, test } from 'vitest';
import { findScene } from '../family.ts';
import { clipFrames, framesPerSecond, type Scene } from '../scene.ts';
import { heat } from './heat.ts';

const scenes = Array.from({ length: 8 }, (_, seed) => findScene(heat, 'wide', seed).scene);

/** Largest relative error of the heat that has gone in, from half a second on. */
function worstError(scene: Scene, substeps: number, diffusivity: number): number {
  const { energy } = heat.simulate(scene, { substeps });
  let worst = 0;
  for (let frame = 6; frame < clipFrames; frame++) {
    const time = frame / framesPerSecond;
    const expected = 2 * scene.parameters!.heat * Math.sqrt((diffusivity * time) / Math.PI);
    worst = Math.max(worst, Math.abs(energy[frame] / expected - 1));
  }
  return worst;
}

/** The complementary error function, by its integral. */
function erfc(x: number): number {
  let sum = 0;
  for (let u = x + 0.0005; u < x + 6; u += 0.001) sum += Math.exp(-u * u) * 0.001;
  return (2 / Math.sqrt(Math.PI)) * sum;
}

describe.each([4, 8])('with %i substeps', (substeps) => {
  test('heat that has gone in is 2 T sqrt(alpha t / pi), and not that of another diffusivity', () => {
    for (const scene of scenes) {
      const { diffusivity } = scene.parameters!;
      expect(worstError(scene, substeps, diffusivity)).toBeLessThan(0.03);
      expect(worstError(scene, substeps, 1.2 * diffusivity)).toBeGreaterThan(0.06);
    }
  });

  test('at the end the first blocks are as warm as the error function says', () => {
    for (const scene of scenes) {
      const { colours, objects } = heat.simulate(scene, { substeps });
      const { diffusivity, heat: hottest, perSide } = scene.parameters!;
      const spread = 2 * Math.sqrt((diffusivity * (clipFrames - 1)) / framesPerSecond);
      // Where heat has come to the far end, the row is no longer half-infinite.
      if (spread > perSide * 0.12) continue;
      const [cold] = scene.objects[0].colour;
      const first = (clipFrames - 1) * objects;
      const warmth = [0, 1, 2].map((k) => (colours![(first + k) * 3] - cold) / (1 - cold));
      const expected = [0, 1, 2].map((k) => {
        const middles = Array.from({ length: 8 }, (_, i) => (k + (i + 0.5) / 8) * 0.16);
        return hottest * middles.reduce((sum, x) => sum + erfc(x / spread) / middles.length, 0);
      });
      warmth.forEach((value, k) => expect(value).toBeCloseTo(expected[k], 1.6));
    }
  });
});

test('all conductors and places occur, and the clips differ by material alone in pace', () => {
  const many = Array.from({ length: 60 }, (_, seed) => findScene(heat, 'train', seed).scene);
  expect(new Set(many.map(({ bins }) => bins!.material)).size).toBe(4);
  expect(new Set(many.map(({ bins }) => bins!.place)).size).toBe(3);
  for (const { objects, parameters } of many) {
    const paces: Record<string, number> = { metal: 0.2, clay: 0.09, plastic: 0.045, wood: 0.02 };
    expect(parameters!.diffusivity).toBe(paces[objects[0].material]);
  }
});
