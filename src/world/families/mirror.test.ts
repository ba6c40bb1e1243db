// The body's motion against its closed form, and its image in the picture against the law of reflection.

import { beforeAll, expect, test } from 'vitest';
import { project } from '../camera.ts';
import { exactTracks } from '../exact-tracks.ts';
import { frameSize, type Clip, type Scene, type SceneObject } from '../scene.ts';
import { createWorld, type World } from '../world.ts';
import { imageOf, mirror } from './mirror.ts';

let world: World;
let scenes: Scene[];
beforeAll(async () => {
  world = await createWorld();
  scenes = Array.from({ length: 12 }, (_, seed) => world.scene('mirror', 'wide', seed));
}, 60_000);

function share(scene: Scene, options: { substeps?: number; gravity?: number }): number {
  const tracks = exactTracks(scene, mirror.simulate(scene, options));
  return mirror.law.measured(scene, tracks) / mirror.law.expected(scene);
}

test.each([4, 8])('rolls and falls as the closed form says, with %i steps a frame', (substeps) => {
  for (const scene of scenes) {
    const limit = scene.objects[0].shape === 'cylinder' ? 0.07 : 0.02;
    expect(Math.abs(share(scene, { substeps }) - 1)).toBeLessThan(limit);
  }
});

test('another gravity is noticed; bodies roll and fall', () => {
  for (const scene of scenes) expect(Math.abs(share(scene, { gravity: 7 }) - 1)).toBeGreaterThan(0.15);
  expect(new Set(scenes.map(({ parameters }) => parameters?.falls)).size).toBe(2);
});

/** Column and row of the middle of the red that shows apart from the body at a frame. */
function redBeside({ frames, masks }: Clip, frame: number): [number, number] {
  const at = frame * frameSize * frameSize;
  let [count, columns, rows] = [0, 0, 0];
  for (let row = 1; row < frameSize - 1; row++) {
    for (let column = 1; column < frameSize - 1; column++) {
      const pixel = at + row * frameSize + column;
      const near = [0, -1, 1, -frameSize, frameSize].some((step) => masks[pixel + step] > 0);
      if (near || frames[pixel * 3] < 2 * frames[pixel * 3 + 1] + 20) continue;
      count++;
      columns += column + 0.5;
      rows += row + 0.5;
    }
  }
  expect(count).toBeGreaterThan(8);
  return [columns / count, rows / count];
}

test('the image is seen where reflection puts it, and not where another mirror would', () => {
  for (const scene of scenes) {
    const glass = scene.objects.find(({ surface }) => surface === 'mirror');
    if (!glass) throw new Error('There is no mirror.');
    const [x, y, z] = glass.position;
    const nearer: SceneObject = { ...glass, position: [x * 0.8, y, z] };
    const [body, ...set] = scene.objects;
    const red: Scene = { ...scene, objects: [{ ...body, material: 'clay', colour: [0.8, 0, 0] }, ...set] };
    const trajectory = world.simulate(scene);
    const clip = world.render(red, trajectory);
    for (const frame of [0, 6]) {
      const from = frame * trajectory.objects * 3;
      const middle = trajectory.positions.subarray(from, from + 3);
      const [seenColumn, seenRow] = redBeside(clip, frame);
      const miss = (by: SceneObject) => {
        const { column, row } = project(imageOf(by, middle));
        return Math.hypot(seenColumn - column, seenRow - row);
      };
      expect(miss(glass)).toBeLessThan(0.8);
      expect(miss(nearer)).toBeGreaterThan(2);
    }
  }
});

test('what rolls towards the mirror meets an image that comes the other way', () => {
  for (const scene of scenes.filter(({ parameters }) => !parameters?.falls)) {
    const { positions, objects } = world.simulate(scene);
    const glass = scene.objects.find(({ surface }) => surface === 'mirror');
    if (!glass) throw new Error('There is no mirror.');
    const [start, later] = [0, 15].map((frame) => positions.slice(frame * objects * 3).subarray(0, 3));
    const own = project(later).column - project(start).column;
    const image = project(imageOf(glass, later)).column - project(imageOf(glass, start)).column;
    expect(own * image).toBeLessThan(0);
  }
});
