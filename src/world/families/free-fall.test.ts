// Scenes are what they promise: in view for the whole clip, at rest in frame 0, distinct materials, readable.

import { beforeAll, describe, expect, test } from 'vitest';
import { staysInView } from '../visibility.ts';
import { clipFrames, frameSize, type Clip, type Scene } from '../scene.ts';
import { createWorld, type World } from '../world.ts';

const seeds = 64;
let world: World;
let made: { scene: Scene; clip: Clip }[];
beforeAll(async () => {
  world = await createWorld();
  made = Array.from({ length: seeds }, (_, seed) => {
    const scene = world.scene('free-fall', seed % 2 === 0 ? 'wide' : 'unseen', seed);
    return { scene, clip: world.render(scene, world.simulate(scene)) };
  });
}, 120_000);

const area = frameSize * frameSize;

describe('free-fall scenes', () => {
  test('no object leaves the picture or hides, over 64 seeds', () => {
    for (const { scene, clip } of made) {
      const labels = scene.objects.filter((object) => object.moves).map(({ label }) => label).join();
      let edge = frameSize;
      for (let frame = 0; frame < clipFrames; frame++) {
        const areas = new Map<number, number>();
        for (let pixel = 0; pixel < area; pixel++) {
          const label = clip.masks[frame * area + pixel];
          if (label === 0) continue;
          areas.set(label, (areas.get(label) ?? 0) + 1);
          const column = pixel % frameSize;
          const row = Math.floor(pixel / frameSize);
          edge = Math.min(edge, column, row, frameSize - 1 - column, frameSize - 1 - row);
        }
        const found = [...areas.keys()].toSorted((a, b) => a - b).join();
        if (found !== labels || Math.min(...areas.values()) < 16) {
          throw new Error(`Seed ${scene.seed}, frame ${frame}: ${JSON.stringify([...areas])} of ${labels}`);
        }
      }
      expect(edge).toBeGreaterThan(0);
    }
  });

  test('one to three objects of different materials, and a sentence that names them', () => {
    const counts = new Set<number>();
    for (const { scene } of made) {
      const dropped = scene.objects.filter((object) => object.moves);
      counts.add(dropped.length);
      expect(new Set(dropped.map(({ material }) => material)).size).toBe(dropped.length);
      expect(scene.prompt).toMatch(/^Rigid, a .+ falls? onto a \w+ floor/);
      expect(dropped.map(({ label }) => label)).toEqual(dropped.map((_, index) => index + 1));
    }
    expect([...counts].toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  });

  test('frame 0 shows the scene as described, and then everything moves', () => {
    for (const { scene } of made) {
      const { positions, rotations, objects } = world.simulate(scene);
      scene.objects.filter((object) => object.moves).forEach((object, k) => {
        for (let i = 0; i < 3; i++) expect(positions[k * 3 + i]).toBeCloseTo(object.position[i], 5);
        for (let i = 0; i < 4; i++) expect(rotations[k * 4 + i]).toBeCloseTo(object.rotation[i], 5);
        // Half of g t^2 after one frame of 0.08 s is 3.1 cm.
        expect(object.position[1] - positions[(objects + k) * 3 + 1]).toBeCloseTo(0.0314, 3);
      });
    }
  });

  test('a scene with an object beside the picture is refused', () => {
    const { scene } = made[0];
    const trajectory = world.simulate(scene);
    expect(staysInView(scene, trajectory)).toBe(true);
    const positions = trajectory.positions.slice();
    positions[3 * trajectory.objects * 20] = 2;
    expect(staysInView(scene, { ...trajectory, positions })).toBe(false);
  });

  test('a family that does not exist is refused', () => {
    const name: string = 'pinball';
    expect(() => Reflect.apply(world.scene, world, [name, 'wide', 0])).toThrow('no family');
  });
});
