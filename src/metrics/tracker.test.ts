// The tracker on pictures made by hand: shading, shadows, soft edges and ghosts do not mislead it; deleted and
// invented things are seen as such. The floor on real clips is in src/learning, which may know the world.

import { beforeEach, describe, expect, test } from 'vitest';
import { evaluateClip, stillClip, summariseScores } from './evaluate.ts';
import { trackObjects, type KnownClip } from './tracker.ts';

const size = 32;
const frames = 6;
const red = [210, 40, 60];
const blue = [50, 90, 230];

/** Frames of a red and a blue disc over a grey slope of light; the red one falls 3 px a frame. */
function draw(
  options: { redRows?: (number | null)[]; factor?: number } = {},
): { video: Uint8Array; masks: Uint8Array } {
  const rows = options.redRows ?? Array.from({ length: frames }, (_, i) => 6 + 3 * i);
  const video = new Uint8Array(frames * size * size * 3);
  const masks = new Uint8Array(frames * size * size);
  for (let i = 0; i < masks.length; i++) {
    const frame = Math.floor(i / (size * size));
    const column = i % size;
    const row = Math.floor(i / size) % size;
    const redRow = rows[frame];
    const shade = 1 - (column % 8) / 30;
    let colour = [150 + row, 150 + row, 146 + row];
    if (redRow !== null && (column - 9) ** 2 + (row - redRow) ** 2 < 17) {
      masks[i] = 1;
      colour = red;
    } else if ((column - 23) ** 2 + (row - 20) ** 2 < 17) {
      masks[i] = 2;
      colour = blue;
    }
    for (let c = 0; c < 3; c++) {
      const lit = masks[i] > 0 ? colour[c] * shade * (options.factor ?? 1) : colour[c];
      video[i * 3 + c] = Math.min(255, lit);
    }
  }
  return { video, masks };
}

let truth: KnownClip;
let video: Uint8Array;
beforeEach(() => {
  const drawn = draw();
  const plate = draw({ redRows: Array.from({ length: frames }, () => null) }).video.slice(0, size * size * 3);
  for (let i = 0; i < size * size; i++) {
    const row = Math.floor(i / size);
    plate.set([150 + row, 150 + row, 146 + row], i * 3);
  }
  video = drawn.video;
  truth = { frames: video, masks: drawn.masks, plate, height: size, width: size, labels: [1, 2] };
});

describe('tracker', () => {
  test('finds both discs exactly in a clean video', () => {
    expect(Buffer.compare(trackObjects(video, truth), truth.masks)).toBe(0);
    const scores = evaluateClip(video, truth);
    expect(scores).toMatchObject({ l2: 0, strictL2: 0, chamfer: 0, iou: 1, survival: 1 });
    expect(scores.motion).toBeCloseTo(15 / size / 2, 9);
  });

  test('stands shading of the objects and shadows on the room', () => {
    expect(evaluateClip(draw({ factor: 0.8 }).video, truth).iou).toBeGreaterThan(0.97);
    const dark = video.map((value, i) => (truth.masks[Math.floor(i / 3)] === 0 ? value * 0.6 : value));
    expect(evaluateClip(dark, truth).iou).toBeGreaterThan(0.97);
  });

  test('stands blur, noise and a faint ghost of the frame before', () => {
    const soft = video.map((value, i) => {
      const ghost = i >= size * size * 3 ? video[i - size * size * 3] : value;
      const blurred = (video[i - 3] ?? value) * 0.25 + value * 0.5 + (video[i + 3] ?? value) * 0.25;
      return Math.max(0, Math.min(255, 0.75 * blurred + 0.25 * ghost + ((i * 7919) % 13) - 6));
    });
    const scores = evaluateClip(soft, truth);
    expect(scores.strictL2).toBeLessThan(0.006);
    expect(scores.survival).toBe(1);
  });

  test('sees that an object was deleted, or never moved', () => {
    const deleted = evaluateClip(draw({ redRows: [6, 9, 12, null, null, null] }).video, truth);
    expect(deleted.survival).toBeCloseTo(0.75, 9);
    expect(deleted.strictL2).toBeCloseTo(Math.SQRT1_2 / 4, 3);
    expect(deleted.l2).toBeCloseTo(0, 9);
    const still = evaluateClip(stillClip(video.slice(0, size * size * 3), frames), truth);
    expect(still.motion).toBe(0);
    expect(still.strictL2).toBeCloseTo(7.5 / 2 / (Math.SQRT2 * size) / 2, 6);
  });

  test('ignores specks of the right colour', () => {
    const specked = video.slice();
    for (const pixel of [40, 500, 900]) specked.set(red, (2 * size * size + pixel) * 3);
    expect(Buffer.compare(trackObjects(specked, truth), truth.masks)).toBe(0);
  });

  test('takes a copy far from the object for something else, and follows the object', () => {
    const copied = video.map((value, i) => {
      const pixel = Math.floor(i / 3);
      const [column, row] = [pixel % size, Math.floor(pixel / size) % size];
      return (column - 26) ** 2 + (row - 5) ** 2 < 17 ? red[i % 3] : value;
    });
    expect(Buffer.compare(trackObjects(copied, truth), truth.masks)).toBe(0);
  });

  test('knows what moves besides the objects, where it is and elsewhere, though it is nearly of their colour', () => {
    const plank = (shift: number) => video.map((value, i) => {
      const row = Math.floor(i / 3 / size) % size;
      const inPlank = row >= 26 + shift && row < 29 + shift && truth.masks[Math.floor(i / 3)] === 0;
      return inPlank ? [190, 80, 50][i % 3] : value;
    });
    const cluttered = { ...truth, frames: plank(0) };
    for (const shift of [0, 2]) {
      const scores = evaluateClip(plank(shift), cluttered);
      expect(scores.iou).toBeGreaterThan(0.97);
      expect(scores.strictL2).toBeLessThan(0.002);
    }
    // Without that knowledge the plank is a part of the red disc.
    expect(evaluateClip(plank(0), truth).iou).toBeLessThan(0.95);
  });

  test('tells objects of one colour apart by where they were', () => {
    const alike = video.map((value, i) => (truth.masks[Math.floor(i / 3)] === 2 ? red[i % 3] : value));
    const scores = evaluateClip(alike, { ...truth, frames: alike });
    expect(scores.iou).toBeGreaterThan(0.97);
  });

  test('follows an object that takes the colour of the room, and misses it where it is gone', () => {
    const glowing = (there: boolean) => video.map((value, i) => {
      const pixel = Math.floor(i / 3);
      if (truth.masks[pixel] !== 2) return value;
      const part = Math.floor(pixel / (size * size)) / (frames - 1);
      const room = truth.plate[i % truth.plate.length];
      return there ? (1 - part) * blue[i % 3] + part * (room + [28, 8, -20][i % 3]) : room;
    });
    const changing = { ...truth, frames: glowing(true) };
    expect(evaluateClip(glowing(true), changing).survival).toBe(1);
    expect(evaluateClip(glowing(false), changing).survival).toBeLessThan(0.6);
  });

  test('refuses videos of another size', () => {
    expect(() => trackObjects(new Uint8Array(100), truth)).toThrow(RangeError);
    expect(() => evaluateClip(video.slice(size * size * 3), truth)).toThrow(RangeError);
  });
});

describe('summariseScores', () => {
  test('gives an interval for every metric and leaves out what is not defined', () => {
    const good = evaluateClip(video, truth);
    const summary = summariseScores([good, { ...good, l2: NaN, iou: 0.5 }]);
    expect(summary.l2).toEqual({ mean: 0, low: 0, high: 0, n: 1 });
    expect(summary.iou.mean).toBeCloseTo(0.75, 12);
    expect(summary.iou.n).toBe(2);
  });
});
