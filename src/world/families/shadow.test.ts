// The roll against its closed form, and the shadow in the picture against exact rays to the lamp.

import { beforeAll, expect, test } from 'vitest';
import { backgroundPlate } from '../background.ts';
import { cameraPosition, rayThrough } from '../camera.ts';
import { exactTracks } from '../exact-tracks.ts';
import { frameSize, type Scene, type Vector } from '../scene.ts';
import { turned } from '../things.ts';
import { createWorld, type World } from '../world.ts';
import { shadow, stretchOf } from './shadow.ts';

let world: World;
let scenes: Scene[];
beforeAll(async () => {
  world = await createWorld();
  scenes = Array.from({ length: 10 }, (_, seed) => world.scene('shadow', 'wide', seed));
}, 60_000);

/** The law on the true motion, as a share of the closed form. */
function share(scene: Scene, options: { substeps?: number; gravity?: number }): number {
  const measured = shadow.law.measured(scene, exactTracks(scene, shadow.simulate(scene, options)));
  return measured / shadow.law.expected(scene);
}

test.each([4, 8])('rolls and casts as the closed form says, with %i steps a frame', (substeps) => {
  // Rapier's cylinders touch a plane in a few points, which brakes them a little.
  for (const scene of scenes) {
    const limit = scene.objects[0].shape === 'sphere' ? 0.003 : 0.07;
    expect(Math.abs(share(scene, { substeps }) - 1)).toBeLessThan(limit);
  }
});

test('another gravity, or a body that slides, is noticed', () => {
  for (const scene of scenes) {
    expect(share(scene, { gravity: 7 })).toBeLessThan(0.8);
    const smooth = scene.objects.map((object) => ({ ...object, friction: 0 }));
    expect(share({ ...scene, objects: smooth }, {})).toBeGreaterThan(1.3);
  }
});

/**
 * A point of the board's upper face in the board's own frame, seen through a pixel's centre; null beside
 * it.
 */
function onBoard(scene: Scene, pixel: number): Vector | null {
  const board = scene.objects[1];
  const [i, j, k, w] = board.rotation;
  const into = (v: Vector) => turned([-i, -j, -k, w], v);
  const ray = new Float64Array(3);
  rayThrough((pixel % frameSize) + 0.5, Math.floor(pixel / frameSize) + 0.5, ray);
  const from = into(cameraPosition.map((value, axis) => value - board.position[axis]) as Vector);
  const along = into([ray[0], ray[1], ray[2]]);
  const steps = (board.size[1] - from[1]) / along[1];
  const point: Vector = [from[0] + steps * along[0], board.size[1], from[2] + steps * along[2]];
  const inside = Math.abs(point[0]) < board.size[0] - 0.05 && Math.abs(point[2]) < board.size[2] - 0.05;
  return steps > 0 && inside ? point : null;
}

/**
 * How many of the board's pixels are dark and hidden from the lamp by a ball at a frame, and how many are
 * either. Those whose way to the lamp passes within 3 cm of the ball's outline count for neither, as they
 * are half a pixel from the edge, nor those beside its foot, where it takes ambient light too.
 */
function darkPixels(scene: Scene, frame: number, lampShift: number): { both: number; either: number } {
  const trajectory = world.simulate(scene);
  const { frames, masks } = world.render(scene, trajectory);
  const plate = backgroundPlate(scene);
  const board = scene.objects[1];
  const [i, j, k, w] = board.rotation;
  const [x, y, z] = board.position;
  const toBoard = (at: ArrayLike<number>) => turned([-i, -j, -k, w], [at[0] - x, at[1] - y, at[2] - z]);
  const ball = toBoard(trajectory.positions.subarray(frame * trajectory.objects * 3));
  const lamp = toBoard(scene.lamp ?? []);
  lamp[0] += lampShift;
  const radius = scene.objects[0].size[0];
  let both = 0;
  let either = 0;
  for (let pixel = 0; pixel < frameSize * frameSize; pixel++) {
    const point = onBoard(scene, pixel);
    const at = frame * frameSize * frameSize + pixel;
    if (!point || masks[at] > 0) continue;
    const way = lamp.map((value, axis) => value - point[axis]);
    const toBall = ball.map((value, axis) => value - point[axis]);
    const length = Math.hypot(...way);
    const along = way.reduce((sum, value, axis) => sum + value * toBall[axis], 0) / length;
    const missed = Math.sqrt(Math.hypot(...toBall) ** 2 - along ** 2) - radius;
    if ((along > 0 && Math.abs(missed) < 0.03) || Math.hypot(...toBall) < 1.3 * radius) continue;
    const hidden = along > 0 && missed < 0;
    const light = (frames[at * 3] / plate[pixel * 3]) ** 2;
    const dark = light < 0.7;
    if (hidden && dark) both++;
    if (hidden || dark) either++;
  }
  return { both, either };
}

test('a ball\'s shadow is where it hides the lamp, and not where another lamp would cast it', () => {
  const balls = scenes.filter(({ objects }) => objects[0].shape === 'sphere');
  expect(balls.length).toBeGreaterThan(2);
  const agreement = (lampShift: number) => {
    const counts = balls.flatMap((scene) => [8, 14].map((frame) => darkPixels(scene, frame, lampShift)));
    const sum = (of: 'both' | 'either') => counts.reduce((total, count) => total + count[of], 0);
    expect(sum('either')).toBeGreaterThan(100);
    return sum('both') / sum('either');
  };
  expect(agreement(0)).toBeGreaterThan(0.95);
  expect(agreement(0.4)).toBeLessThan(0.85);
  expect(agreement(-0.4)).toBeLessThan(0.85);
});

test('the shadow of the body\'s middle goes farther than the body, by similar triangles', () => {
  for (const scene of scenes) {
    const { lampHeight } = scene.parameters ?? {};
    const radius = scene.objects[0].size[0];
    // A ray from the lamp, at 0, through a body at distance d meets the board at d + d r / (H - r).
    const [near, far] = [0.2, 0.7].map((d) => d + (d * radius) / (lampHeight - radius));
    expect((far - near) / 0.5).toBeCloseTo(stretchOf(scene), 9);
  }
});
