/**
 * Where bodies of the first frame lie in a later one: of each a turn, some stretching and a place.
 *
 * Source: analysis by synthesis. Of a body the map is sought that explains best what was decoded around it, the others being
 * where they were found, by a compass search (Hooke and Jeeves, Direct search solution of numerical and statistical problems,
 * 1961) from where it was going and from other turns. Of maps that are about as good the one is taken that is nearest to
 * that: a box of one colour looks as it did after a quarter of a turn. What the steps of that search leave, the slopes of the
 * picture tell. It does not find bodies: body-labels.ts does.
 */
import type { DecodedFrame } from './body-labels.ts';
import { faintest, mapOf, uncovered, unlikeness, type Layer, type Picture, type Placement, type Window } from './body-layers.ts';

/** Cost of a body's pixel that is hidden behind another body. */
const hidden = 0.6;
/** What a radian away from where a body was going counts, a body's pixels being 1. */
const turnCost = 0.1;
/** What squares of a stretch, and of its change since the frame before, count, and how far it may go: smaller, larger. */
const stretchCost = 0.8;
const stretchChangeCost = 2;
const stretches = [-0.4, 0.25] as const;
/** Turns to each side of the present one that a search begins at, and radians between them. */
const turns = 4;
const turnStep = 0.2;
/** Steps of the compass search: of the turn, of the stretch and in pixels; of how many pixels each way it looks at one. */
const compass = [[0.12, 0.1, 1, 2], [0.06, 0.05, 0.5, 2], [0.03, 0.025, 0.25, 1]] as const;
/** Most rounds with each. */
const rounds = 6;
/** What is added to the squares of slopes, of 1, along each way when a shift is sought: without contrast there is none. */
const leastSlope = 0.3;
/** Share of a pixel from which on it shows a body's own colour. */
const opaque = 0.9;

/** A frame and what is known of it around one body. */
export interface Evidence extends DecodedFrame {
  /** Of each pixel, [H, W]: its cost without this body, and whether another covers it. */
  readonly rest: Float32Array;
  readonly isCovered: Uint8Array;
  /** Where both are known, and a placement is judged. */
  readonly window: Window;
}

/** Cost of what was decoded in the window, with a body's first picture placed there; of `step` pixels each way one counts. */
function costOf(first: Picture, evidence: Evidence, placement: Placement, step: number): number {
  const { frame, foreground, rest, isCovered, width, window: [left, top, right, bottom] } = evidence;
  const { values, reach, beside } = first;
  const side = 2 * reach + 1;
  const row = 4 * side;
  const [m0, m1, m2, m3] = mapOf(placement);
  const [, , , , placeX, placeY] = placement;
  let sum = 0;
  for (let y = top; y <= bottom; y += step) {
    const dy = y - placeY;
    for (let x = left; x <= right; x += step) {
      const pixel = y * width + x;
      const dx = x - placeX;
      const u = m0 * dx + m1 * dy + beside[0] + reach;
      const v = m2 * dx + m3 * dy + beside[1] + reach;
      if (u < 0 || v < 0 || u >= side - 1 || v >= side - 1) {
        sum += rest[pixel];
        continue;
      }
      // Bilinear, written out: this is where the time goes.
      const column = Math.floor(u);
      const line = Math.floor(v);
      const fx = u - column;
      const fy = v - line;
      const at = row * line + 4 * column;
      const w0 = (1 - fx) * (1 - fy);
      const w1 = fx * (1 - fy);
      const w2 = (1 - fx) * fy;
      const w3 = fx * fy;
      const share = w0 * values[at + 3] + w1 * values[at + 7] + w2 * values[at + row + 3] + w3 * values[at + row + 7];
      if (share < faintest) {
        sum += rest[pixel];
        continue;
      }
      let own = uncovered;
      if (foreground[pixel] > 0) {
        const red = w0 * values[at] + w1 * values[at + 4] + w2 * values[at + row] + w3 * values[at + row + 4];
        const green = w0 * values[at + 1] + w1 * values[at + 5] + w2 * values[at + row + 1] + w3 * values[at + row + 5];
        const blue = w0 * values[at + 2] + w1 * values[at + 6] + w2 * values[at + row + 2] + w3 * values[at + row + 6];
        own = unlikeness(red / share, green / share, blue / share, frame, 3 * pixel);
      }
      // Of two bodies that one is in front that explains the pixel better.
      if (isCovered[pixel] === 1) own = Math.min(own, rest[pixel]) + hidden;
      sum += share * own + (1 - share) * rest[pixel];
    }
  }
  return step * step * sum;
}

/** Where a search begins: as a body lies, turned by several angles, there and at a place where its colours were found. */
export function turnedAt(placement: Placement, found: readonly [number, number]): Placement[] {
  const [turn, a, b, c, x, y] = placement;
  const angles = Array.from({ length: 2 * turns + 1 }, (_, i) => turn + turnStep * (i - turns));
  return angles.flatMap((angle): Placement[] => [[angle, a, b, c, x, y], [angle, a, b, c, ...found]]);
}

/** A placement with its k-th number changed by some. */
function stepped(placement: Placement, k: number, change: number): Placement {
  const moved: [...Placement] = [...placement];
  moved[k] += change;
  return moved;
}

/**
 * The placement of a body that explains best what was decoded around it.
 * @param pixels how many it has in the first frame
 * @param candidates where to begin
 * @param before its placement in the frame before
 * @param expected where it was going
 */
export function placementOf(
  first: Picture, pixels: number, evidence: Evidence, candidates: readonly Placement[], before: Placement, expected: Placement,
): Placement {
  const priced = (placement: Placement, step: number) => {
    const [turn, a, b, c] = placement;
    const change = [a - before[1], b - before[2], c - before[3]];
    return costOf(first, evidence, placement, step) / pixels + turnCost * Math.abs(turn - expected[0])
      + stretchCost * (a * a + 2 * b * b + c * c)
      + stretchChangeCost * (change[0] ** 2 + 2 * change[1] ** 2 + change[2] ** 2);
  };
  let best = candidates[0];
  let cost = Infinity;
  for (const candidate of candidates) {
    const its = priced(candidate, compass[0][3]);
    if (its < cost) [best, cost] = [candidate, its];
  }
  for (const [ofTurn, ofStretch, ofPlace, step] of compass) {
    const steps = [ofTurn, ofStretch, ofStretch, ofStretch, ofPlace, ofPlace];
    cost = priced(best, step);
    for (let round = 0, moved = true; moved && round < rounds; round++) {
      moved = false;
      for (let k = 0; k < steps.length; k++) {
        for (const change of [steps[k], -steps[k]]) {
          const candidate = stepped(best, k, change);
          if (k > 0 && k < 4 && (candidate[k] < stretches[0] || candidate[k] > stretches[1])) continue;
          const its = priced(candidate, step);
          if (its >= cost) continue;
          [best, cost, moved] = [candidate, its, true];
          break;
        }
      }
    }
  }
  return best;
}

/** How light a layer's colours are where it was decoded, 1: as in the first frame. */
function shadeOf({ shares, colours }: Layer, { frame, foreground, width, window: [left, top, right, bottom] }: Evidence): number {
  let [both, own] = [0, 1e-6];
  for (let y = top; y <= bottom; y++) {
    for (let pixel = y * width + left; pixel <= y * width + right; pixel++) {
      if (shares[pixel] < opaque || foreground[pixel] === 0) continue;
      for (let at = 3 * pixel; at < 3 * pixel + 3; at++) {
        both += colours[at] * frame[at] / 255;
        own += colours[at] ** 2;
      }
    }
  }
  return both / own;
}

/**
 * A placement shifted to where its layer was decoded, by less than a pixel: what the steps of a search are too coarse for. One
 * step of Lucas and Kanade (An iterative image registration technique with an application to stereo vision, 1981), blind to
 * how light the background is: a shadow beside a body does not draw it there.
 */
export function aligned(placement: Placement, layer: Layer, evidence: Evidence): Placement {
  const { frame, background, isCovered, width, window } = evidence;
  const { shares, colours } = layer;
  const shade = shadeOf(layer, evidence);
  const shown = (at: number) => {
    const share = shares[Math.floor(at / 3)];
    return share * shade * colours[at] + (1 - share) * background[at] / 255;
  };
  let [xx, xy, yy, xe, ye] = [leastSlope, 0, leastSlope, 0, 0];
  for (let y = window[1] + 1; y < window[3]; y++) {
    for (let pixel = y * width + window[0] + 1; pixel < y * width + window[2]; pixel++) {
      const around = Math.max(shares[pixel], shares[pixel - 1], shares[pixel + 1], shares[pixel - width], shares[pixel + width]);
      if (around < faintest || isCovered[pixel] === 1) continue;
      // Products, over the channels, of the slopes across and down, of the error and of the background's colour.
      let [aa, ad, dd, ae, de, ab, db, eb, bb] = [0, 0, 0, 0, 0, 0, 0, 0, 1e-6];
      for (let at = 3 * pixel; at < 3 * pixel + 3; at++) {
        const across = (shown(at + 3) - shown(at - 3)) / 2;
        const down = (shown(at + 3 * width) - shown(at - 3 * width)) / 2;
        const error = frame[at] / 255 - shown(at);
        const behind = background[at] / 255;
        aa += across * across;
        ad += across * down;
        dd += down * down;
        ae += across * error;
        de += down * error;
        ab += across * behind;
        db += down * behind;
        eb += error * behind;
        bb += behind * behind;
      }
      // Without their parts along the background's colour.
      xx += aa - ab * ab / bb;
      xy += ad - ab * db / bb;
      yy += dd - db * db / bb;
      xe += ae - ab * eb / bb;
      ye += de - db * eb / bb;
    }
  }
  const determinant = xx * yy - xy * xy;
  const [right, down] = [(xy * ye - yy * xe) / determinant, (xy * xe - xx * ye) / determinant];
  // Of a way as long as that the slopes say nothing.
  if (Math.hypot(right, down) >= 1) return placement;
  const [turn, a, b, c, x, y] = placement;
  return [turn, a, b, c, x + right, y + down];
}
