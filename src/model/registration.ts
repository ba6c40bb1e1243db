/**
 * The map that takes a picture of a body nearest to another of it: a turn, some stretching and a shift.
 *
 * Source: registration from many turns by a compass search (Hooke and Jeeves, Direct search solution of numerical and
 * statistical problems, 1961) over outlines and colours. Of maps that are about as good the one is taken that is nearest to
 * the frame before: a box of one colour looks as it did after a quarter of a turn. It does not find bodies: body-labels.ts
 * does.
 */
import type { Size } from './body-labels.ts';

/** Where a body's first picture goes: the pixel at its present middle + d shows what is at its first middle + shift + map d. */
export interface Placement {
  /** Radians, and the symmetric stretch [[1 + a, b], [b, 1 + c]] before the turn. */
  readonly turn: number;
  readonly stretch: readonly [a: number, b: number, c: number];
  /** x then y in pixels. */
  readonly shift: readonly [number, number];
  /** Differences of outlines and colours, as a share of the body's pixels. */
  readonly error: number;
}

/** Turns that a search looks at, and how much a turn by a radian from the frame before counts. */
const turns = 24;
const turnCost = 0.04;
/** What squares of a stretch, and of its change since the frame before, count, and how far it may go. */
const stretchCost = 0.8;
const stretchChangeCost = 2;
const farthestStretch = 0.4;
/** How much outlines count beside colours. */
const outline = 2;
/** How much steeper an outline is drawn than it was sampled. */
const sharper = 1.6;
/** Steps of the compass search: of the turn, of the stretch and in pixels; most rounds with each. */
const compass = [[0.12, 0.1, 1], [0.06, 0.05, 0.5], [0.03, 0.025, 0.25], [0.015, 0.0125, 0.125]] as const;
const rounds = 6;
/** Of so many pixels each way a search looks at one, until it comes to its last levels. */
const sparse = 2;
const sparseLevels = 2;

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

/** Bilinear sample of a picture at (x, y) from the body's middle; nothing beyond its border. */
function sampleAt({ values, reach, beside }: Picture, dx: number, dy: number, sample: Float64Array): void {
  sample.fill(0);
  const side = 2 * reach + 1;
  const [x, y] = [dx + beside[0] + reach, dy + beside[1] + reach];
  const [left, top] = [Math.floor(x), Math.floor(y)];
  if (left < -1 || top < -1 || left >= side || top >= side) return;
  const [fx, fy] = [x - left, y - top];
  for (let j = 0; j < 2; j++) {
    for (let i = 0; i < 2; i++) {
      const [column, row] = [left + i, top + j];
      if (column < 0 || column >= side || row < 0 || row >= side) continue;
      const share = (i ? fx : 1 - fx) * (j ? fy : 1 - fy);
      const at = 4 * (row * side + column);
      for (let c = 0; c < 4; c++) sample[c] += share * values[at + c];
    }
  }
}

/** A body's own colour at a pixel, and its share of it. */
type Matte = (pixel: number) => readonly [share: number, red: number, green: number, blue: number];

const nothing = [0, 0, 0, 0] as const;

/** All of the pixels that have a label. */
export function plainMatte(frame: Uint8Array, labels: Uint8Array, label: number): Matte {
  return (pixel) => (labels[pixel] === label ? [1, frame[3 * pixel], frame[3 * pixel + 1], frame[3 * pixel + 2]] : nothing);
}

/**
 * Of the first frame's: at its edge a pixel is the body's by as much as it is nearer to the colour further inside than to
 * the background, so that none of that comes along.
 */
export function edgeMatte(image: Uint8Array, background: Uint8Array, labels: Uint8Array, label: number, { width }: Size): Matte {
  const steps = [1, -1, width, -width, width + 1, width - 1, -width + 1, -width - 1];
  const isInner = (pixel: number) => labels[pixel] === label && steps.every((step) => labels[pixel + step] === label);
  return (pixel) => {
    if (labels[pixel] > 0 && labels[pixel] !== label) return nothing;
    if (isInner(pixel)) return [1, image[3 * pixel], image[3 * pixel + 1], image[3 * pixel + 2]];
    const near = [...steps, ...(labels[pixel] === label ? steps.map((step) => 2 * step) : [])];
    const inner = near.find((step) => isInner(pixel + step));
    if (inner === undefined) return plainMatte(image, labels, label)(pixel);
    const from = 3 * (pixel + inner);
    let [along, whole] = [0, 1];
    for (let c = 0; c < 3; c++) {
      const way = image[from + c] - background[3 * pixel + c];
      along += way * (image[3 * pixel + c] - background[3 * pixel + c]);
      whole += way * way;
    }
    const share = Math.max(0, Math.min(1, along / whole));
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

/** turn, a, b, c, shift x, shift y. */
type Parameters = readonly number[];

/** No turn, stretch or shift. */
const unmoved: Parameters = [0, 0, 0, 0, 0, 0];

function parametersOf({ turn, stretch, shift }: Placement): Parameters {
  return [turn, ...stretch, ...shift];
}

/** The map [[m0, m1], [m2, m3]]: the stretch, then the turn. */
function mapOf([turn, a, b, c]: Parameters): [number, number, number, number] {
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  return [
    cosine * (1 + a) - sine * b, cosine * b - sine * (1 + c), sine * (1 + a) + cosine * b, sine * b + cosine * (1 + c),
  ];
}

const scratch = new Float64Array(4);

/** Difference of a body's first picture, moved by a map, from what it is now, as a share of its pixels. */
function differenceOf(first: Picture, now: Picture, isHidden: Uint8Array, parameters: Parameters, step: number): number {
  const [m0, m1, m2, m3] = mapOf(parameters);
  const { reach, values, beside } = now;
  const side = 2 * reach + 1;
  let [sum, own] = [0, 0];
  for (let row = 0; row < side; row += step) {
    for (let column = 0; column < side; column += step) {
      const i = row * side + column;
      if (isHidden[i]) continue;
      const [x, y] = [column - reach - beside[0], row - reach - beside[1]];
      sampleAt(first, m0 * x + m1 * y + parameters[4], m2 * x + m3 * y + parameters[5], scratch);
      const at = 4 * i;
      const colours = Math.abs(scratch[0] - values[at]) + Math.abs(scratch[1] - values[at + 1])
        + Math.abs(scratch[2] - values[at + 2]);
      sum += outline * Math.abs(scratch[3] - values[at + 3]) + 2 / 3 * colours;
      own += values[at + 3];
    }
  }
  return sum / own;
}

/**
 * The map by which a body's first picture is nearest to what it is now, from any turn and from that of the frame before.
 * @param isHidden u8, of each pixel of the present picture, where nothing is known of the body
 */
export function placementOf(first: Picture, now: Picture, isHidden: Uint8Array, before: Placement | undefined): Placement {
  const last = before === undefined ? unmoved : parametersOf(before);
  const costOf = (parameters: Parameters, step: number) => {
    const [turn, a, b, c] = parameters;
    const away = Math.abs(Math.atan2(Math.sin(turn - last[0]), Math.cos(turn - last[0])));
    const change = [a - last[1], b - last[2], c - last[3]];
    return differenceOf(first, now, isHidden, parameters, step) + turnCost * away + stretchCost * (a * a + 2 * b * b + c * c)
      + stretchChangeCost * (change[0] ** 2 + 2 * change[1] ** 2 + change[2] ** 2);
  };
  let best: Parameters = last;
  let cost = costOf(best, sparse);
  for (let i = 0; i < turns; i++) {
    const candidate = unmoved.with(0, 2 * Math.PI * i / turns);
    const its = costOf(candidate, sparse);
    if (its < cost) [best, cost] = [candidate, its];
  }
  for (const [level, [ofTurn, ofStretch, ofShift]] of compass.entries()) {
    const every = level < sparseLevels ? sparse : 1;
    const steps = [ofTurn, ofStretch, ofStretch, ofStretch, ofShift, ofShift];
    cost = costOf(best, every);
    for (let round = 0, moved = true; moved && round < rounds; round++) {
      moved = false;
      for (let k = 0; k < steps.length; k++) {
        for (const step of [steps[k], -steps[k]]) {
          const candidate = best.with(k, best[k] + step);
          if (k > 0 && k < 4 && Math.abs(candidate[k]) > farthestStretch) continue;
          const its = costOf(candidate, every);
          if (its >= cost) continue;
          [best, cost, moved] = [candidate, its, true];
          break;
        }
      }
    }
  }
  const [turn, a, b, c, x, y] = best;
  return { turn, stretch: [a, b, c], shift: [x, y], error: differenceOf(first, now, isHidden, best, 1) };
}

/** A body's first picture as it lies in a frame: colours and outline [H, W, 4] of 0 to 1, colours times outline. */
export function layerOf(
  first: Picture, centre: readonly [number, number], placement: Placement, { height, width }: Size,
): Float32Array {
  const parameters = parametersOf(placement);
  const [m0, m1, m2, m3] = mapOf(parameters);
  const layer = new Float32Array(height * width * 4);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const [x, y] = [pixel % width - centre[0], Math.floor(pixel / width) - centre[1]];
    sampleAt(first, m0 * x + m1 * y + parameters[4], m2 * x + m3 * y + parameters[5], scratch);
    if (scratch[3] === 0) continue;
    // Between pixels an outline is sampled softer than it is.
    const share = Math.max(0, Math.min(1, (scratch[3] - 0.5) * sharper + 0.5));
    for (let c = 0; c < 4; c++) layer[4 * pixel + c] = scratch[c] * share / scratch[3];
  }
  return layer;
}
