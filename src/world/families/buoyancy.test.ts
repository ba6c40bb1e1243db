// Things in water move as the closed forms say, at two time steps.

import { describe, expect, test } from 'vitest';
import { findScene } from '../family.ts';
import { clipFrames, framesPerSecond, type Scene } from '../scene.ts';
import { buoyancy, dragLength, waterDensity } from './buoyancy.ts';

const scenes = Array.from({ length: 16 }, (_, seed) => findScene(buoyancy, 'wide', seed).scene);

/** Largest error in metres of the first thing's way, over its first 30 cm, for an acceleration. */
function worstError(scene: Scene, substeps: number, acceleration: number): number {
  const { positions, objects } = buoyancy.simulate(scene, { substeps });
  const [{ shape, size, density }] = scene.objects;
  const length = dragLength({ shape: shape === 'box' ? 'box' : 'sphere', size: size[0], density });
  let worst = 0;
  for (let frame = 1; frame < clipFrames; frame++) {
    const moved = positions[frame * objects * 3 + 1] - positions[1];
    if (Math.abs(moved) > 0.3) break;
    const time = frame / framesPerSecond;
    const way = length * Math.log(Math.cosh(time * Math.sqrt(Math.abs(acceleration) / length)));
    worst = Math.max(worst, Math.abs(moved - Math.sign(acceleration) * way));
  }
  return worst;
}

describe.each([4, 8])('with %i substeps', (substeps) => {
  test('under water the way is L log cosh(t sqrt(a / L)), and not for another acceleration', () => {
    for (const scene of scenes) {
      const acceleration = buoyancy.law.expected(scene);
      expect(worstError(scene, substeps, acceleration)).toBeLessThan(1e-4);
      expect(worstError(scene, substeps, 1.3 * acceleration)).toBeGreaterThan(0.005);
    }
  });

  test('without drag energy stays under water, and falls where water is set in motion or left behind', () => {
    for (const scene of scenes) {
      const [thing] = scene.objects;
      const alone = { ...scene, objects: [thing], parameters: { drag: 0 } };
      const { energy, positions } = buoyancy.simulate(alone, { substeps });
      let free = true;
      for (let frame = 1; frame < clipFrames; frame++) {
        free &&= Math.abs(positions[frame * 3 + 1] - thing.position[1]) < 0.3;
        if (free) expect(Math.abs(energy[frame] / energy[0] - 1)).toBeLessThan(1e-4);
        expect(energy[frame]).toBeLessThan(energy[frame - 1] + 0.2 / substeps);
      }
    }
  });
});

test('with drag energy falls, light things end at the surface and heavy ones on the floor', () => {
  for (const scene of scenes) {
    const { energy, positions, objects } = buoyancy.simulate(scene);
    for (let frame = 1; frame < clipFrames; frame++) {
      expect(energy[frame]).toBeLessThan(energy[frame - 1] + 1e-3);
    }
    scene.objects.filter(({ label }) => label > 0).forEach(({ density, position }, k) => {
      const last = positions[((clipFrames - 1) * objects + k) * 3 + 1];
      if (density < waterDensity && position[1] < 1) expect(last).toBeGreaterThan(position[1] + 0.2);
      if (density > waterDensity) expect(last).toBeLessThan(position[1] - 0.2);
    });
  }
});
