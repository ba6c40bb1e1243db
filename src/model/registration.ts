/**
 * Where bodies of the first frame lie in a later one: of each a turn, some stretching and a place.
 *
 * Source: analysis by synthesis. Of a body the map is sought that explains best what was decoded around it, the others being
 * where they were found, by a compass search (Hooke and Jeeves, Direct search solution of numerical and statistical problems,
 * 1961) from where it was going and from other turns. Of maps that are about as good the one is taken that is nearest to
 * that: a box of one colour looks as it did after a quarter of a turn. It does not find bodies: body-labels.ts does.
 */
import type { Size } from './body-labels.ts';

/**
 * Where a body's first picture lies: pixel p shows what is at its first middle + map (p - (x, y)). The map is the symmetric
 * stretch [[1 + a, b], [b, 1 + c]], then the turn in radians.
 */
export type Placement = readonly [turn: number, a: number, b: number, c: number, x: number, y: number];

/**
 * Cost of a pixel that is a body's and that nothing covers, or that a body covers and is none's; of one of a body that is
 * hidden behind another. That of a colour is its difference in all, of 1, times `colours`, and no more than the first.
 */
export const uncovered = 2;
const hidden = 0.6;
const colours = 2;
/** Faces turn to the light and away: how much lighter or darker a colour may be, and what that costs. */
const shades = 1.3;
const shadeCost = 0.3;
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
/** How much steeper an outline is drawn than it was sampled. */
const sharper = 1.6;
/** Pixels that a body reaches further than in the first frame, as a share and beyond that. */
const margin = [1.3, 2] as const;
/** Share of a pixel below which nothing of a body is there. */
const faintest = 0.02;

/**
 * A square picture of a body: colours and outline [side, side, 4] of 0 to 1, colours times outline, side = 2 reach + 1. Its
 * middle pixel is the body's middle but for a part of a pixel: it is not sampled, which would blur it.
 */
export interface Picture {
  readonly values: Float32Array;
  readonly reach: number;
  /** From its middle pixel to the body's middle, x then y. */
  readonly beside: readonly [number, number];
}

/** A body's own colour at a pixel, and its share of it. */
type Matte = (pixel: number) => readonly [share: number, red: number, green: number, blue: number];

const nothing = [0, 0, 0, 0] as const;

/**
 * Of the first frame's: at its edge a pixel is the body's by as much as it is nearer to the colour further inside than to
 * the background, so that none of that comes along.
 */
export function edgeMatte(image: Uint8Array, background: Uint8Array, labels: Uint8Array, label: number, { width }: Size): Matte {
  const steps = [1, -1, width, -width, width + 1, width - 1, -width + 1, -width - 1];
  const isInner = (pixel: number) => labels[pixel] === label && steps.every((step) => labels[pixel + step] === label);
  const whole: Matte = (pixel) => [1, image[3 * pixel], image[3 * pixel + 1], image[3 * pixel + 2]];
  return (pixel) => {
    if (labels[pixel] > 0 && labels[pixel] !== label) return nothing;
    if (isInner(pixel)) return whole(pixel);
    const near = [...steps, ...(labels[pixel] === label ? steps.map((step) => 2 * step) : [])];
    const inner = near.find((step) => isInner(pixel + step));
    if (inner === undefined) return labels[pixel] === label ? whole(pixel) : nothing;
    const from = 3 * (pixel + inner);
    let [along, all] = [0, 1];
    for (let c = 0; c < 3; c++) {
      const way = image[from + c] - background[3 * pixel + c];
      along += way * (image[3 * pixel + c] - background[3 * pixel + c]);
      all += way * way;
    }
    const share = Math.max(0, Math.min(1, along / all));
    return [share, image[from], image[from + 1], image[from + 2]];
  };
}

/** The picture of a body around a place. */
export function pictureOf(matte: Matte, centre: readonly [number, number], reach: number, { height, width }: Size): Picture {
  const side = 2 * reach + 1;
  const values = new Float32Array(side * side * 4);
  const [middleX, middleY] = [Math.round(centre[0]), Math.round(centre[1])];
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [middleX + i % side - reach, middleY + Math.floor(i / side) - reach];
    if (x < 0 || x >= width || y < 0 || y >= height) continue;
    const [share, ...colour] = matte(y * width + x);
    values.set([...colour.map((value) => share * value / 255), share], 4 * i);
  }
  return { values, reach, beside: [centre[0] - middleX, centre[1] - middleY] };
}

/** The map [[m0, m1], [m2, m3]]: the stretch, then the turn. */
function mapOf([turn, a, b, c]: Placement): [number, number, number, number] {
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  return [
    cosine * (1 + a) - sine * b, cosine * b - sine * (1 + c), sine * (1 + a) + cosine * b, sine * b + cosine * (1 + c),
  ];
}

/** Bilinear sample of a picture at (x, y) from the body's middle, [4]; nothing beyond its border, which is empty. */
function sampleAt({ values, reach, beside }: Picture, dx: number, dy: number, sample: Float64Array): void {
  sample.fill(0);
  const side = 2 * reach + 1;
  const [u, v] = [dx + beside[0] + reach, dy + beside[1] + reach];
  if (u < 0 || v < 0 || u >= side - 1 || v >= side - 1) return;
  const [column, row] = [Math.floor(u), Math.floor(v)];
  const [fx, fy] = [u - column, v - row];
  for (let corner = 0; corner < 4; corner++) {
    const [right, below] = [corner & 1, corner >> 1];
    const share = (right ? fx : 1 - fx) * (below ? fy : 1 - fy);
    const at = 4 * ((row + below) * side + column + right);
    for (let c = 0; c < 4; c++) sample[c] += share * values[at + c];
  }
}

/** How unlike a picture's colour, of 0 to 1, a frame's is, but for its lightness. */
function unlikeness(red: number, green: number, blue: number, frame: Uint8Array, at: number): number {
  const r = frame[at] / 255;
  const g = frame[at + 1] / 255;
  const b = frame[at + 2] / 255;
  const lightness = (red * r + green * g + blue * b) / (red * red + green * green + blue * blue + 1e-4);
  const shade = Math.max(1 / shades, Math.min(shades, lightness));
  const difference = Math.abs(shade * red - r) + Math.abs(shade * green - g) + Math.abs(shade * blue - b);
  return Math.min(uncovered, colours * (difference + shadeCost * Math.abs(shade - 1)));
}

/** Pixels of a picture, the last ones too. */
export type Window = readonly [left: number, top: number, right: number, bottom: number];

/** A frame [H, W, 3] and what is known of it around one body. */
export interface Evidence extends Size {
  readonly frame: Uint8Array;
  /** u8 [H, W]: pixels that are some body's. */
  readonly isBody: Uint8Array;
  /** Of each pixel, [H, W]: its cost without this body, and whether another covers it. */
  readonly rest: Float32Array;
  readonly isCovered: Uint8Array;
  /** Where both are known, and a placement is judged. */
  readonly window: Window;
}

/** Pixels that a body may reach from a place, within the picture. */
export function windowOf({ reach }: Picture, [x, y]: readonly [number, number], { height, width }: Size): Window {
  const far = margin[0] * reach + margin[1];
  return [
    Math.max(0, Math.floor(x - far)), Math.max(0, Math.floor(y - far)),
    Math.min(width - 1, Math.ceil(x + far)), Math.min(height - 1, Math.ceil(y + far)),
  ];
}

/** Cost of what was decoded in the window, with a body's first picture placed there; of `step` pixels each way one counts. */
function costOf(first: Picture, evidence: Evidence, placement: Placement, step: number): number {
  const { frame, isBody, rest, isCovered, width, window: [left, top, right, bottom] } = evidence;
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
      if (isBody[pixel] === 1) {
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

/** A body's first picture as it lies in a frame: of each pixel the body's share, its colour of 0 to 1, and what it costs. */
export interface Layer {
  readonly shares: Float32Array;
  readonly colours: Float32Array;
  readonly costs: Float32Array;
}

/** Whether a layer covers a pixel. */
export function covers({ shares }: Layer, pixel: number): boolean {
  return shares[pixel] > 0.5;
}

/** A body's first picture placed in a frame: [H, W], [H, W, 3], [H, W]. */
export function layerOf(first: Picture, placement: Placement, frame: Uint8Array, isBody: Uint8Array, size: Size): Layer {
  const area = size.height * size.width;
  const [shares, colours, costs] = [new Float32Array(area), new Float32Array(3 * area), new Float32Array(area)];
  const [m0, m1, m2, m3] = mapOf(placement);
  const [, , , , placeX, placeY] = placement;
  const [left, top, right, bottom] = windowOf(first, [placeX, placeY], size);
  const sample = new Float64Array(4);
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      sampleAt(first, m0 * (x - placeX) + m1 * (y - placeY), m2 * (x - placeX) + m3 * (y - placeY), sample);
      const [red, green, blue, share] = sample;
      if (share < faintest) continue;
      const pixel = y * size.width + x;
      // Between pixels an outline is sampled softer than it is.
      shares[pixel] = Math.max(0, Math.min(1, (share - 0.5) * sharper + 0.5));
      colours.set([red / share, green / share, blue / share], 3 * pixel);
      costs[pixel] = isBody[pixel] === 1 ? unlikeness(red / share, green / share, blue / share, frame, 3 * pixel) : uncovered;
    }
  }
  return { shares, colours, costs };
}
