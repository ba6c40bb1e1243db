// The metrics against cases worked out by hand, and against a slow definition on random masks.

import { describe, expect, test } from 'vitest';
import { Random } from '../math/random.ts';
import { centresOf, largestChamfer, largestL2, pathLength, scoreMasks } from './masks.ts';

const size = 64;

/** A track of 4 x 4 squares with their top left corner at [column, row], or null for an empty frame. */
function squares(places: ([number, number] | null)[], width = size): Uint8Array {
  const masks = new Uint8Array(places.length * width * width);
  places.forEach((place, frame) => {
    if (!place) return;
    for (let i = 0; i < 16; i++) {
      masks[(frame * width + place[1] + (i >> 2)) * width + place[0] + (i % 4)] = 1;
    }
  });
  return masks;
}

function score(predicted: Uint8Array, truth: Uint8Array, width = size) {
  const frames = truth.length / (width * width);
  return scoreMasks({ predicted, truth, frames, height: width, width, label: 1 });
}

describe('scoreMasks', () => {
  test('identical tracks score 0, 0 and 1', () => {
    const track = squares([[3, 4], [9, 20], null]);
    expect(score(track, track)).toEqual({
      l2: 0, strictL2: 0, chamfer: 0, strictChamfer: 0, iou: 1, survival: 1,
    });
  });

  test('a vertical error of 10 px in one of three frames at 64 px is .0184', () => {
    const { l2, strictL2, iou } = score(
      squares([[10, 10], [10, 20], [10, 40]]), squares([[10, 10], [10, 20], [10, 30]]),
    );
    expect(l2).toBeCloseTo(10 / 2 / 3 / (Math.SQRT2 * 64), 12);
    expect(l2).toBeCloseTo(0.0184, 4);
    expect(strictL2).toBe(l2);
    expect(iou).toBeCloseTo(2 / 3, 12);
  });

  test('the mean over coordinates is not the Euclidean distance', () => {
    expect(score(squares([[13, 14]]), squares([[10, 10]])).l2).toBeCloseTo(3.5 / (Math.SQRT2 * 64), 12);
  });

  test('the Chamfer distance sums both directions', () => {
    const single = new Uint8Array(64).fill(0);
    const pair = single.slice();
    single[0] = 1;
    pair[0] = 1;
    pair[3] = 1;
    expect(score(single, pair, 8).chamfer).toBeCloseTo((0 + 1.5) / (Math.SQRT2 * 8), 12);
  });

  test('a vanished object: the published form skips the frame, the strict form punishes it', () => {
    const truth = squares([[10, 10], [10, 20], [10, 30], [10, 40]]);
    const gone = score(squares([[10, 10], [10, 20], null, null]), truth);
    expect(gone.l2).toBe(0);
    expect(gone.chamfer).toBe(0);
    expect(gone.strictL2).toBeCloseTo(largestL2 / 2, 12);
    expect(gone.strictChamfer).toBeCloseTo(largestChamfer / 2, 12);
    expect(gone.survival).toBe(0.5);
    expect(gone.iou).toBe(0.5);
  });

  test('an object where there is none costs as much; none in either is right', () => {
    const invented = score(squares([[10, 10], null]), squares([null, null]));
    expect(invented).toEqual({
      l2: NaN, strictL2: largestL2 / 2, chamfer: NaN, strictChamfer: largestChamfer / 2, iou: 0.5, survival: 1,
    });
  });

  test('the largest errors are indeed the largest', () => {
    const corners = score(squares([[0, 0]]), squares([[60, 60]]));
    expect(corners.l2).toBeLessThan(largestL2);
    expect(corners.chamfer).toBeLessThan(largestChamfer);
  });

  test('distances agree with a slow search on random masks', () => {
    const random = new Random(4);
    const width = 12;
    for (let trial = 0; trial < 30; trial++) {
      const draw = () => Uint8Array.from({ length: width * width }, () => (random.uniform() < 0.1 ? 1 : 0));
      const [predicted, truth] = [draw(), draw()];
      const points = (mask: Uint8Array) =>
        [...mask].flatMap((value, i) => (value ? [[i % width, Math.floor(i / width)]] : []));
      const [p, t] = [points(predicted), points(truth)];
      const directed = (from: number[][], to: number[][]) =>
        from.reduce((sum, [x, y]) => sum + Math.min(...to.map(([u, v]) => Math.hypot(x - u, y - v))), 0) / from.length;
      const slow = (directed(p, t) + directed(t, p)) / (Math.SQRT2 * width);
      expect(score(predicted, truth, width).chamfer).toBeCloseTo(slow, 10);
    }
  });

  test('labels are told apart; null takes all of them', () => {
    const truth = squares([[10, 10]]);
    const other = truth.map((value) => value * 2);
    const common = { frames: 1, height: size, width: size, truth };
    expect(scoreMasks({ ...common, predicted: other, label: 1 }).survival).toBe(0);
    expect(scoreMasks({ ...common, predicted: other, label: null }).survival).toBe(1);
  });

  test('sizes that do not fit are refused', () => {
    const pair = { predicted: new Uint8Array(10), truth: new Uint8Array(16) };
    expect(() => scoreMasks({ ...pair, frames: 1, height: 4, width: 4, label: 1 })).toThrow(RangeError);
  });
});

describe('paths', () => {
  test('centres and path length, with a gap', () => {
    const centres = centresOf(squares([[10, 10], [10, 26], null, [10, 40], [26, 40]]), 5, size, size, 1);
    expect([...centres.subarray(0, 4)]).toEqual([11.5, 11.5, 11.5, 27.5]);
    expect(centres[4]).toBeNaN();
    expect(pathLength(centres, size)).toBeCloseTo(0.5, 12);
  });
});
