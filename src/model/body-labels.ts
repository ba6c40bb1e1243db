/**
 * Which pixels of a picture are which body's.
 *
 * In the first frame: pieces of one hue each of what its background does not have. Later: what is not the background's either
 * and has a body's colours, near where that was. A shadow is the background, darker. It knows colours only: bodies that are
 * alike and touch are one.
 */
import { distanceToShades } from '../math/colours.ts';

/** Of pictures, in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** What is known of a body's looks by the first frame. */
export interface Body {
  readonly label: number;
  /** Its pixels, those of its middle [x, y], and how far its farthest is from there. */
  readonly pixels: readonly number[];
  readonly centre: readonly [number, number];
  readonly reach: number;
  /** Colours from dark to light, [tones, 3]. */
  readonly tones: Float64Array;
  /** Whether it is followed: seen whole, and not so large that it is decoded well as it is. */
  readonly isFollowed: boolean;
}

/** Difference of a colour, of 255, from the background's at which a pixel is a body's, or of something else that moves. */
const unlikeBackground = 34;
/** Distance of a colour, of 255, from the background's shades from which on a pixel is surely not the background's. */
const surelyUnlike = 51;
/** Differences of chromaticity (a colour's share of all three) from the background's; a shadow has next to none. */
const tinted = 0.045;
/** How far the farthest pixel of a body that is followed is from its middle at most. */
const largestReach = 24;
/** Fewest pixels of a body, and most bodies. */
export const smallest = 24;
const mostBodies = 250;
/** Degrees of hue to each side of a part's commonest that are the part's too. */
const hueReach = 18;
const tones = 8;
/** Distance of colours, of 255, within which a pixel may be a body's; what a pixel's way from where the body was adds. */
const likeTones = 60;
const wayCost = 0.5;
/** How much darker or lighter a body, or the background, may be than in the first frame. */
const bodyShades = [0.65, 1.35] as const;
const backgroundShades = [0.35, 1.1] as const;
/** Rings of pixels around a body's that may be its too, though they are not of its colours. */
const rimRings = 3;

/** A colour's hue in degrees. */
function hueOf(red: number, green: number, blue: number): number {
  const largest = Math.max(red, green, blue);
  const range = largest - Math.min(red, green, blue) + 1e-6;
  if (largest === red) return (60 * (green - blue) / range + 360) % 360;
  return largest === green ? 60 * ((blue - red) / range + 2) : 60 * ((red - green) / range + 4);
}

/** The largest difference of a colour. */
function unlike(pixels: Uint8Array, at: number, others: Uint8Array, there: number): number {
  return Math.max(Math.abs(pixels[at] - others[there]), Math.abs(pixels[at + 1] - others[there + 1]),
    Math.abs(pixels[at + 2] - others[there + 2]));
}

/** Whether a pixel is at the picture's border. */
function isAtBorder(pixel: number, { height, width }: Size): boolean {
  return pixel % width === 0 || pixel % width === width - 1 || pixel < width || pixel >= width * (height - 1);
}

/** Connected pixels (8 neighbours) of a picture for which `isIn` holds, largest first. */
function piecesWhere({ height, width }: Size, isIn: (pixel: number) => boolean): number[][] {
  const seen = new Uint8Array(height * width);
  const pieces: number[][] = [];
  for (let seed = 0; seed < seen.length; seed++) {
    if (seen[seed] || !isIn(seed)) continue;
    const piece = [seed];
    seen[seed] = 1;
    for (let i = 0; i < piece.length; i++) {
      const [row, column] = [Math.floor(piece[i] / width), piece[i] % width];
      for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
          const pixel = y * width + x;
          if (seen[pixel] || !isIn(pixel)) continue;
          seen[pixel] = 1;
          piece.push(pixel);
        }
      }
    }
    pieces.push(piece);
  }
  return pieces.toSorted((a, b) => b.length - a.length);
}

/** Gives pixels for which `isIn` holds and that have no label that of their neighbours, ring by ring. */
export function spread(labels: Uint8Array, { width, height }: Size, rings: number, isIn: (pixel: number) => boolean): void {
  for (let ring = 0; ring < rings; ring++) {
    const before = labels.slice();
    let changed = false;
    for (let row = 1; row < height - 1; row++) {
      for (let column = 1; column < width - 1; column++) {
        const pixel = row * width + column;
        if (before[pixel] > 0 || !isIn(pixel)) continue;
        const near = before[pixel - 1] || before[pixel + 1] || before[pixel - width] || before[pixel + width];
        if (near > 0) changed = true;
        labels[pixel] = near;
      }
    }
    if (!changed) return;
  }
}

/** Gives pixels without a label that one label surrounds to it: a highlight is as grey as the background. */
function fillHoles(labels: Uint8Array, size: Size): void {
  const { width } = size;
  for (const hole of piecesWhere(size, (pixel) => labels[pixel] === 0)) {
    const around = new Set<number>();
    for (const pixel of hole) {
      if (isAtBorder(pixel, size)) around.add(0);
      else for (const next of [pixel - 1, pixel + 1, pixel - width, pixel + width]) if (labels[next] > 0) around.add(labels[next]);
    }
    if (around.size === 1 && !around.has(0)) for (const pixel of hole) [labels[pixel]] = around;
  }
}

/**
 * Bodies of an image: pieces of one hue each of what the background does not have, but for shadows.
 * @returns labels u8 [H, W] from 1, 0: none
 */
export function bodiesOf(image: Uint8Array, background: Uint8Array, size: Size): Uint8Array {
  const area = size.height * size.width;
  const isBody = new Uint8Array(area);
  const hues = new Float64Array(area);
  for (let pixel = 0; pixel < area; pixel++) {
    const at = 3 * pixel;
    hues[pixel] = hueOf(image[at], image[at + 1], image[at + 2]);
    const sum = image[at] + image[at + 1] + image[at + 2] + 13;
    const other = background[at] + background[at + 1] + background[at + 2] + 13;
    let tint = 0;
    for (let c = 0; c < 3; c++) tint = Math.max(tint, Math.abs(image[at + c] / sum - background[at + c] / other));
    isBody[pixel] = Number(unlike(image, at, background, at) > unlikeBackground && tint > tinted);
  }
  const labels = new Uint8Array(area);
  let count = 0;
  for (const piece of piecesWhere(size, (pixel) => isBody[pixel] === 1)) {
    let rest = piece;
    const before = count;
    while (rest.length >= smallest && count < mostBodies) {
      const commonest = commonestHue(rest.map((pixel) => hues[pixel]));
      const isNear = (pixel: number) => Math.abs((hues[pixel] - commonest + 540) % 360 - 180) < hueReach;
      const part = new Set(rest.filter(isNear));
      for (const found of piecesWhere(size, (pixel) => part.has(pixel))) {
        if (found.length < smallest || count >= mostBodies) break;
        count++;
        for (const pixel of found) labels[pixel] = count;
      }
      rest = rest.filter((pixel) => !isNear(pixel));
    }
    if (count > before) {
      const own = new Set(piece);
      spread(labels, size, size.width, (pixel) => own.has(pixel));
    }
  }
  fillHoles(labels, size);
  return labels;
}

/** The middle of the thirty degrees that most hues are in. */
function commonestHue(hues: readonly number[]): number {
  const bins = new Float64Array(36);
  for (const hue of hues) bins[Math.min(35, Math.floor(hue / 10))]++;
  let best = 0;
  const around = (bin: number) => bins[(bin + 35) % 36] + bins[bin] + bins[(bin + 1) % 36];
  for (let bin = 1; bin < 36; bin++) if (around(bin) > around(best)) best = bin;
  return best * 10 + 5;
}

/** Middle of pixels, x then y. */
export function middleOf(pixels: readonly number[], width: number): [number, number] {
  let [x, y] = [0, 0];
  for (const pixel of pixels) {
    x += pixel % width;
    y += Math.floor(pixel / width);
  }
  return [x / pixels.length, y / pixels.length];
}

/** How far the farthest of pixels is from a place. */
function reachOf(pixels: readonly number[], [x, y]: readonly [number, number], width: number): number {
  let reach = 0;
  for (const pixel of pixels) reach = Math.max(reach, Math.hypot(pixel % width - x, Math.floor(pixel / width) - y));
  return reach;
}

/** The pixels of every label but 0. */
export function pixelsByLabel(labels: Uint8Array): Map<number, number[]> {
  const pixels = new Map<number, number[]>();
  labels.forEach((label, pixel) => {
    const own = pixels.get(label);
    if (own !== undefined) own.push(pixel);
    else if (label > 0) pixels.set(label, [pixel]);
  });
  return pixels;
}

/** Bodies by their labels in the first frame. */
export function describeBodies(labels: Uint8Array, image: Uint8Array, size: Size): Body[] {
  const { width } = size;
  return [...pixelsByLabel(labels)].flatMap(([label, own]) => {
    if (own.length < smallest) return [];
    const isCut = own.some((pixel) => isAtBorder(pixel, size));
    const centre = middleOf(own, width);
    const reach = reachOf(own, centre, width);
    return [{ label, pixels: own, centre, reach, tones: tonesOf(image, own), isFollowed: !isCut && reach <= largestReach }];
  });
}

/** Mean colours of equally many pixels each, from dark to light. */
function tonesOf(image: Uint8Array, pixels: readonly number[]): Float64Array {
  const lightness = (pixel: number) => image[3 * pixel] + 2 * image[3 * pixel + 1] + image[3 * pixel + 2];
  const sorted = pixels.toSorted((a, b) => lightness(a) - lightness(b) || a - b);
  const found = new Float64Array(tones * 3);
  for (let tone = 0; tone < tones; tone++) {
    const part = sorted.slice(Math.floor(tone * sorted.length / tones), Math.floor((tone + 1) * sorted.length / tones));
    for (const pixel of part) for (let c = 0; c < 3; c++) found[3 * tone + c] += image[3 * pixel + c] / part.length;
  }
  return found;
}

/** A frame of a decoded clip, what it looks like without what moves, and what is in front of that. */
export interface DecodedFrame extends Size {
  readonly frame: Uint8Array;
  readonly background: Uint8Array;
  /**
   * How surely pixels [H, W] are neither the background's nor in a shadow there, 0: not at all, 1: surely. Between are smeared
   * outlines, and shadows that took on some of a body's colour.
   */
  readonly foreground: Float32Array;
}

/** A frame u8 [H, W, 3] with its foreground; its pixels are not copied. */
export function decodedFrame(frame: Uint8Array, background: Uint8Array, { height, width }: Size): DecodedFrame {
  const foreground = new Float32Array(height * width);
  for (let pixel = 0; pixel < foreground.length; pixel++) {
    const at = 3 * pixel;
    if (unlike(frame, at, background, at) <= unlikeBackground) continue;
    const distance = distanceToShades(frame[at], frame[at + 1], frame[at + 2], background, at, ...backgroundShades);
    if (distance > unlikeBackground / 2) foreground[pixel] = Math.min(1, distance / surelyUnlike);
  }
  return { height, width, frame, background, foreground };
}

/** Labels [H, W] of a frame's bodies: by their colours, of several that are alike the one that was nearer before. */
export function labelsOf(
  { frame, foreground, height, width }: DecodedFrame, bodies: readonly Body[],
  places: ReadonlyMap<number, readonly [number, number]>,
): Uint8Array {
  const size = { height, width };
  const labels = new Uint8Array(height * width);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    if (foreground[pixel] === 0) continue;
    const [red, green, blue] = frame.subarray(3 * pixel, 3 * pixel + 3);
    let least = likeTones;
    for (const { label, tones: own, reach } of bodies) {
      const [x, y] = places.get(label)!;
      const way = Math.hypot(pixel % width - x, Math.floor(pixel / width) - y);
      // A body is not found far from where it was.
      if (way > 3 * reach + 8) continue;
      let distance = wayCost * Math.max(0, way - reach);
      let nearest = Infinity;
      for (let tone = 0; tone < tones; tone++) {
        nearest = Math.min(nearest, distanceToShades(red, green, blue, own, 3 * tone, ...bodyShades));
      }
      distance += nearest;
      if (distance >= least) continue;
      least = distance;
      labels[pixel] = label;
    }
  }
  // Of what is followed there is one piece; what lies in front may cut others in two.
  for (const { label, isFollowed } of bodies) {
    if (!isFollowed) continue;
    const [, ...others] = piecesWhere(size, (pixel) => labels[pixel] === label);
    for (const piece of others) for (const pixel of piece) labels[pixel] = 0;
  }
  spread(labels, size, rimRings, (pixel) => foreground[pixel] > 0);
  fillHoles(labels, size);
  return labels;
}
