// The floor of the metrics on real clips: what the tracker makes of the true frames is nearly the truth, and
// clips that are wrong score worse, the more so the more wrong they are.

import { beforeAll, describe, expect, test } from 'vitest';
import { evaluateClip, stillClip, type ClipScores } from '../metrics/evaluate.ts';
import { mean } from '../math/statistics.ts';
import { centresOf } from '../metrics/masks.ts';
import { fallLength, fitGravity } from '../metrics/laws.ts';
import { trackObjects } from '../metrics/tracker.ts';
import { heightFromRow } from '../world/camera.ts';
import { clipFrames, framesPerSecond, gravity, type SceneObject } from '../world/scene.ts';
import { createWorld, familyNames, type World } from '../world/world.ts';
import { firstFrame, sceneTruth, type SceneTruth } from './scene-truth.ts';

let world: World;
let known: SceneTruth[];
beforeAll(async () => {
  world = await createWorld();
  known = Array.from({ length: 10 }, (_, seed) =>
    sceneTruth(world, 'free-fall', seed % 2 === 0 ? 'seen' : 'unseen', seed));
}, 60_000);

function average(name: keyof ClipScores, change: (item: SceneTruth) => Uint8Array): number {
  return mean(known.map((item) => evaluateClip(change(item), item.truth)[name]));
}

const frameBytes = 64 * 64 * 3;
const times = Array.from({ length: clipFrames }, (_, frame) => frame / framesPerSecond);

/** The clip running late: every frame shows what was there some frames before. */
function delayed(frames: Uint8Array, by: number): Uint8Array {
  const out = frames.slice();
  for (let frame = clipFrames - 1; frame >= 0; frame--) {
    const from = Math.max(0, frame - by) * frameBytes;
    out.copyWithin(frame * frameBytes, from, from + frameBytes);
  }
  return out;
}

describe('the tracker on clips of the world', () => {
  test('its floor: strict L2 at most .001 and survival at least .995', () => {
    expect(average('strictL2', ({ frames }) => frames)).toBeLessThan(0.001);
    expect(average('survival', ({ frames }) => frames)).toBeGreaterThan(0.995);
    expect(average('iou', ({ frames }) => frames)).toBeGreaterThan(0.95);
  });

  test.each(familyNames)('%s: the true clip is far nearer to the truth than the first frame repeated', (family) => {
    const scenes = [0, 1].map((seed) => sceneTruth(world, family, 'seen', seed));
    const score = (clip: (item: SceneTruth) => Uint8Array) =>
      mean(scenes.map((item) => evaluateClip(clip(item), item.truth).strictL2));
    expect(score(({ frames }) => frames)).toBeLessThan(0.2 * score(({ image }) => stillClip(image, clipFrames)));
  });

  test('late clips score worse, the first frame repeated worst', () => {
    const scores = [0, 1, 3].map((by) => average('strictL2', ({ frames }) => delayed(frames, by)));
    scores.push(average('strictL2', ({ image }) => stillClip(image, clipFrames)));
    for (let i = 1; i < scores.length; i++) expect(scores[i]).toBeGreaterThan(1.5 * scores[i - 1]);
  });

  test('an emptied room has no survivors', () => {
    expect(average('survival', ({ truth }) => stillClip(truth.plate, clipFrames))).toBe(0);
  });

  test('g fitted to the tracked centres of falling balls is g', () => {
    const isTall = ({ moves, shape, position }: SceneObject) => moves && shape === 'sphere' && position[1] > 1.2;
    const tall = Array.from({ length: 40 }, (_, seed) => seed)
      .filter((seed) => world.scene('free-fall', 'seen', seed).objects.some(isTall)).slice(0, 5);
    const fitted = tall.map((seed) => sceneTruth(world, 'free-fall', 'seen', seed)).flatMap(({ scene, frames, truth }) => {
      const masks = trackObjects(frames, truth);
      return scene.objects.filter(isTall).map((ball) => {
        const centres = centresOf(masks, clipFrames, 64, 64, ball.label);
        const heights = times.map((_, frame) => heightFromRow(centres[frame * 2 + 1] + 0.5, ball.position[2]));
        const length = fallLength(heights, 0.02) - 1;
        return length < 5 ? NaN : fitGravity(times.slice(0, length), heights.slice(0, length));
      });
    }).filter((value) => !Number.isNaN(value));
    expect(fitted.length).toBeGreaterThan(2);
    for (const value of fitted) expect(Math.abs(value / gravity - 1)).toBeLessThan(0.1);
    expect(Math.abs(mean(fitted) / gravity - 1)).toBeLessThan(0.05);
  });

  test('the first frame alone is the clip\'s first frame', () => {
    for (const { scene, image } of known.slice(0, 3)) {
      expect(Buffer.compare(firstFrame(world, scene), image)).toBe(0);
    }
  });
});
