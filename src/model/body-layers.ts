/**
 * Bodies as the first frame shows them, cut out, and how they look where they lie in a later frame.
 */
import type { DecodedFrame, Size } from './body-labels.ts';

/**
 * Where a body's first picture lies: pixel p shows what is at its first middle + map (p - (x, y)). The map is the symmetric
 * stretch [[1 + a, b], [b, 1 + c]], then the turn in radians.
 */
export type Placement = readonly [turn: number, a: number, b: number, c: number, x: number, y: number];

/**
 * Cost of a pixel that surely is a body's and that nothing covers, or that a body covers and is none's. That of a colour is its
 * difference in all, of 1, times `colours`, and no more than this.
 */
export const uncovered = 2;
const colours = 2;
/** Faces turn to the light and away: how much lighter or darker a colour may be, and what that costs. */
const shades = 1.3;
const shadeCost = 0.3;
/** How much steeper an outline is drawn than it was sampled. */
const sharper = 1.5;
/** Pixels that a body reaches further than in the first frame, as a share and beyond that. */
const margin = [1.3, 2] as const;
/** Share of a pixel below which nothing of a body is there. */
export const faintest = 0.02;

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
export function mapOf([turn, a, b, c]: Placement): [number, number, number, number] {
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  return [
    cosine * (1 + a) - sine * b, cosine * b - sine * (1 + c), sine * (1 + a) + cosine * b, sine * b + cosine * (1 + c),
  ];
}

/** Weights of four pixels in a row for a place `on` of 0 to 1 from the second to the third. */
function cubicWeights(on: number): [number, number, number, number] {
  const inner = (away: number) => (1.5 * away - 2.5) * away * away + 1;
  const outer = (away: number) => ((-0.5 * away + 2.5) * away - 4) * away + 2;
  return [outer(1 + on), inner(on), inner(1 - on), outer(2 - on)];
}

/**
 * Sample of a picture at (x, y) from the body's middle, [4]; nothing beyond its border, which is empty. Bicubic, which blurs
 * less than bilinear: Keys, Cubic convolution interpolation for digital image processing, 1981.
 */
function sampleAt({ values, reach, beside }: Picture, dx: number, dy: number, sample: Float64Array): void {
  sample.fill(0);
  const side = 2 * reach + 1;
  const [u, v] = [dx + beside[0] + reach, dy + beside[1] + reach];
  if (u < 1 || v < 1 || u >= side - 2 || v >= side - 2) return;
  const [column, row] = [Math.floor(u), Math.floor(v)];
  const nearest = 4 * (row * side + column) + 3;
  if (values[nearest] + values[nearest + 4] + values[nearest + 4 * side] + values[nearest + 4 * side + 4] === 0) return;
  const across = cubicWeights(u - column);
  const down = cubicWeights(v - row);
  for (let j = 0; j < 4; j++) {
    for (let i = 0; i < 4; i++) {
      const weight = across[i] * down[j];
      const at = 4 * ((row + j - 1) * side + column + i - 1);
      for (let c = 0; c < 4; c++) sample[c] += weight * values[at + c];
    }
  }
}

/** How unlike a picture's colour, of 0 to 1, a frame's is, but for its lightness. */
export function unlikeness(red: number, green: number, blue: number, frame: Uint8Array, at: number): number {
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

/** Pixels that a body may reach where it lies, within the picture. */
export function windowOf({ reach }: Picture, [, , , , x, y]: Placement, { height, width }: Size): Window {
  const far = margin[0] * reach + margin[1];
  return [
    Math.max(0, Math.floor(x - far)), Math.max(0, Math.floor(y - far)),
    Math.min(width - 1, Math.ceil(x + far)), Math.min(height - 1, Math.ceil(y + far)),
  ];
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
export function layerOf(first: Picture, placement: Placement, decoded: DecodedFrame): Layer {
  const { frame, foreground, height, width } = decoded;
  const area = height * width;
  const [shares, colours, costs] = [new Float32Array(area), new Float32Array(3 * area), new Float32Array(area)];
  const [m0, m1, m2, m3] = mapOf(placement);
  const [, , , , placeX, placeY] = placement;
  const [left, top, right, bottom] = windowOf(first, placement, decoded);
  const sample = new Float64Array(4);
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      sampleAt(first, m0 * (x - placeX) + m1 * (y - placeY), m2 * (x - placeX) + m3 * (y - placeY), sample);
      const [red, green, blue, share] = sample;
      if (share < faintest) continue;
      const pixel = y * width + x;
      // Between pixels an outline is sampled softer than it is.
      shares[pixel] = Math.max(0, Math.min(1, (share - 0.5) * sharper + 0.5));
      colours.set([red / share, green / share, blue / share], 3 * pixel);
      costs[pixel] = foreground[pixel] > 0 ? unlikeness(red / share, green / share, blue / share, frame, 3 * pixel) : uncovered;
    }
  }
  return { shares, colours, costs };
}
