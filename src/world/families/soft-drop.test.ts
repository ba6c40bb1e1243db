// Soft bodies fall as anything does, and lose energy by damping alone, at two time steps.

import { describe, expect, test } from 'vitest';
import { findScene } from '../family.ts';
import { clipFrames, framesPerSecond, gravity, type Scene } from '../scene.ts';
import { softDrop } from './soft-drop.ts';

const scenes = Array.from({ length: 8 }, (_, seed) => findScene(softDrop, 'wide', seed).scene);

/** Mean height of the nodes at every frame, and how low the lowest comes. */
function heightsOf(scene: Scene, substeps: number): { middle: number[]; lowest: number[] } {
  const { positions, objects } = softDrop.simulate(scene, { substeps });
  const frames = Array.from({ length: clipFrames }, (_, frame) =>
    Array.from({ length: objects }, (__, k) => positions[(frame * objects + k) * 3 + 1]));
  return {
    middle: frames.map((heights) => heights.reduce((sum, y) => sum + y, 0) / objects),
    lowest: frames.map((heights) => Math.min(...heights)),
  };
}

/** Without damping and friction. */
function ideal(scene: Scene): Scene {
  return { ...scene, parameters: { ...scene.parameters, damping: 0, friction: 0 } };
}

describe.each([4, 8])('with %i substeps', (substeps) => {
  test('the middle falls by g t^2 / 2 until the floor is met, and not by that of another gravity', () => {
    for (const scene of scenes) {
      const { middle, lowest } = heightsOf(scene, substeps);
      const [radius] = scene.objects[0].size;
      let frame = 1;
      for (; lowest[frame] > radius; frame++) {
        const time = frame / framesPerSecond;
        const fallen = (gravity * time * time) / 2;
        expect(middle[0] - middle[frame]).toBeCloseTo(fallen, 4);
        expect(Math.abs(middle[0] - middle[frame] - 0.9 * fallen)).toBeGreaterThan(0.002);
      }
      expect(frame).toBeGreaterThan(2);
    }
  });

  test('without damping energy stays through every bounce, with it energy falls', () => {
    for (const scene of scenes) {
      const kept = softDrop.simulate(ideal(scene), { substeps }).energy;
      kept.forEach((value) => expect(Math.abs(value / kept[0] - 1)).toBeLessThan(0.24 / substeps));
      const { energy } = softDrop.simulate(scene, { substeps });
      for (let frame = 1; frame < clipFrames; frame++) {
        expect(energy[frame]).toBeLessThan(energy[frame - 1] + 0.01 * energy[0]);
      }
      expect(energy[clipFrames - 1]).toBeLessThan(0.97 * energy[0]);
    }
  });
});

test('rubber comes up again, clay does not', () => {
  const many = Array.from({ length: 80 }, (_, seed) => findScene(softDrop, 'train', seed).scene);
  const rebound = (kind: number) => {
    const shares = many.filter(({ bins }) => bins!.kind === kind && bins!.lean === 0).map((scene) => {
      const { middle } = heightsOf(scene, 8);
      const bottom = middle.findIndex((height, frame) => frame > 0 && middle[frame + 1] > height);
      const rest = Math.min(...middle.slice(bottom));
      return (Math.max(...middle.slice(bottom)) - rest) / (middle[0] - rest);
    });
    return shares.reduce((sum, value) => sum + value, 0) / shares.length;
  };
  expect(rebound(0)).toBeGreaterThan(0.5);
  expect(rebound(3)).toBeLessThan(0.3);
});
