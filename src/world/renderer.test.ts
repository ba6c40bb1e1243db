// Pictures, masks and depth agree with the scene's geometry and with each other.

import { beforeAll, describe, expect, test } from 'vitest';
import { backgroundPlate } from './background.ts';
import { cameraPosition, project } from './camera.ts';
import { frameSize, type Clip, type Scene, type Trajectory } from './scene.ts';
import { createWorld, type World } from './world.ts';

const area = frameSize * frameSize;
let world: World;
let scene: Scene;
let trajectory: Trajectory;
let clip: Clip;
beforeAll(async () => {
  world = await createWorld();
  // The first scene with a single ball: its outline is known in closed form.
  for (let seed = 0; ; seed++) {
    scene = world.scene('free-fall', 'wide', seed);
    const dropped = scene.objects.filter((object) => object.moves);
    if (dropped.length === 1 && dropped[0].shape === 'sphere') break;
  }
  trajectory = world.simulate(scene);
  clip = world.render(scene, trajectory);
}, 60_000);

describe('rendering', () => {
  test('the ball\'s mask is where the camera projects the ball', () => {
    const { size } = scene.objects[0];
    for (const frame of [0, 4, 12, 24]) {
      const { column, row, depth } = project(trajectory.positions.subarray(frame * 3, frame * 3 + 3));
      let count = 0;
      let columns = 0;
      let rows = 0;
      for (let pixel = 0; pixel < area; pixel++) {
        if (clip.masks[frame * area + pixel] !== 1) continue;
        count++;
        columns += (pixel % frameSize) + 0.5;
        rows += Math.floor(pixel / frameSize) + 0.5;
      }
      expect(Math.abs(columns / count - column)).toBeLessThan(0.35);
      expect(Math.abs(rows / count - row)).toBeLessThan(0.35);
      const radius = (size[0] * frameSize) / (2 * 0.245 * depth);
      expect(Math.abs(count / (Math.PI * radius * radius) - 1)).toBeLessThan(0.12);
    }
  });

  test('depth is nearer on the object than behind it, and the ball\'s front is at its distance', () => {
    const { depth: distance } = project(trajectory.positions.subarray(0, 3));
    const still = world.render({ ...scene, objects: scene.objects.slice(1) }, {
      ...trajectory, objects: 0, positions: new Float32Array(0), rotations: new Float32Array(0),
    });
    let nearest = Infinity;
    let wrong = 0;
    for (let pixel = 0; pixel < area; pixel++) {
      if (clip.masks[pixel] === 1) {
        if (clip.depth[pixel] >= still.depth[pixel]) wrong++;
        nearest = Math.min(nearest, clip.depth[pixel]);
      } else if (clip.depth[pixel] !== still.depth[pixel]) {
        wrong++;
      }
    }
    expect(wrong).toBe(0);
    expect(Math.abs(nearest - (distance - scene.objects[0].size[0]))).toBeLessThan(0.05);
    expect(Math.hypot(...cameraPosition)).toBeGreaterThan(distance);
  });

  test('away from the object and its shadow, frames equal the empty room', () => {
    const plate = backgroundPlate(scene);
    let same = 0;
    let darker = 0;
    for (let pixel = 0; pixel < area; pixel++) {
      if (clip.masks[pixel] !== 0) continue;
      const change = [0, 1, 2].map((c) => clip.frames[pixel * 3 + c] - plate[pixel * 3 + c]);
      if (change.every((value) => value === 0)) same++;
      if (change.every((value) => value < -20)) darker++;
    }
    expect(same / area).toBeGreaterThan(0.7);
    expect(darker).toBeGreaterThan(8);
  });

  test('the shadow meets the ball when it lands', () => {
    const plate = backgroundPlate(scene);
    const gap = (frame: number) => {
      let lowest = 0;
      let highest = frameSize;
      for (let pixel = 0; pixel < area; pixel++) {
        const row = Math.floor(pixel / frameSize);
        const at = frame * area + pixel;
        if (clip.masks[at] === 1) lowest = Math.max(lowest, row);
        else if (plate[pixel * 3] - clip.frames[at * 3] > 40) highest = Math.min(highest, row);
      }
      return highest - lowest;
    };
    expect(gap(0)).toBeGreaterThan(gap(24) + 3);
  });

  test('a moment without motion repeats the picture exactly', () => {
    const rest: Trajectory = {
      ...trajectory,
      positions: trajectory.positions.map((_, i) => trajectory.positions[i % 3]),
      rotations: trajectory.rotations.map((_, i) => trajectory.rotations[i % 4]),
    };
    const { frames } = world.render(scene, rest);
    const first = frames.subarray(0, area * 3);
    expect(Buffer.compare(frames.subarray(24 * area * 3), first)).toBe(0);
    expect(Buffer.compare(clip.frames.subarray(0, area * 3), first)).toBe(0);
  });
});
