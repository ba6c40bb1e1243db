// What the things of a known clip look like: the tones of every labelled object and those of whatever else moves
// or changes (water, a plank, a puddle). Colours are RGB in units of 1/255.

import { distanceToShades } from '../math/colours.ts';

/** What is known of a clip: the truth that another clip of the same scene is held to. */
export interface KnownClip {
  /** The true clip, RGB [T, H, W, 3]. */
  frames: Uint8Array;
  /** Its labels, [T, H, W]; 0 is everything that is not followed. */
  masks: Uint8Array;
  /** RGB of the scene without what moves, [H, W, 3]. */
  plate: Uint8Array;
  height: number;
  width: number;
  /** Labels of the objects that are followed. */
  labels: number[];
}

/** Tones of one object, [count, 3]: those from dark to light first, then highlights. */
export interface Appearance {
  readonly label: number;
  readonly tones: Float64Array;
  /** How many of the tones are the object's own colours; the rest are highlights on it. */
  readonly own: number;
}

/** A pixel nearer than this to a (shaded) colour of the room is the room. */
export const roomTolerance = 20;
/** How much darker or lighter the room may be than its plate: shadows, and a little noise. */
export const roomShades = [0.45, 1.08] as const;
/** Groups of an object's pixels from dark to light, and highlights: white light added to the middle group. */
const groups = 6;
const highlights = [0.1, 0.2];
/** Tones of clutter: at most so many, each of at least this share of its pixels, this far from any object's. */
const clutterTones = 12;
const clutterShare = 0.02;
const clutterDistance = 25;
/** How much darker or lighter than its tone a pixel of an object may be. */
export const objectShades = [0.75, 1.25] as const;

/** Tones of every object that the clip shows, over all its frames: it may change colour, or come into the shade. */
export function appearancesOf(known: KnownClip): Appearance[] {
  return known.labels.flatMap((label) => {
    const pixels = innerPixels(known, label);
    return pixels.length > 0 ? [{ label, tones: tonesOf(known.frames, pixels), own: groups }] : [];
  });
}

/** The pixels of a label that are surrounded by it, of all frames; all its pixels where those are too few. */
function innerPixels({ masks, height, width }: KnownClip, label: number): number[] {
  const area = height * width;
  const inside: number[] = [];
  const all: number[] = [];
  for (let pixel = 0; pixel < masks.length; pixel++) {
    if (masks[pixel] !== label) continue;
    all.push(pixel);
    const frame = pixel - (pixel % area);
    const around = [pixel - 1, pixel + 1, pixel - width, pixel + width];
    if (around.every((other) => other >= frame && other < frame + area && masks[other] === label)) inside.push(pixel);
  }
  return inside.length >= 2 * groups ? inside : all;
}

function tonesOf(frames: Uint8Array, pixels: number[]): Float64Array {
  const lightness = (pixel: number) => frames[pixel * 3] + 2 * frames[pixel * 3 + 1] + frames[pixel * 3 + 2];
  pixels.sort((a, b) => lightness(a) - lightness(b) || a - b);
  const tones = new Float64Array((groups + highlights.length) * 3);
  for (let tone = 0; tone < groups; tone++) {
    const from = Math.floor((tone * pixels.length) / groups);
    const to = Math.max(from + 1, Math.floor(((tone + 1) * pixels.length) / groups));
    for (let i = from; i < to; i++) {
      for (let c = 0; c < 3; c++) tones[tone * 3 + c] += frames[pixels[i] * 3 + c] / (to - from);
    }
  }
  highlights.forEach((light, i) => {
    for (let c = 0; c < 3; c++) {
      const middle = tones[(groups >> 1) * 3 + c] / 255;
      tones[(groups + i) * 3 + c] = Math.min(255, 255 * Math.sqrt(middle * middle + light));
    }
  });
  return tones;
}

/**
 * Whether a pixel of the true clip is of no followed object, nor at the rim of one, where half the colour is its. At a
 * picture's edge the neighbours are those of the next row or frame: then it may say no too often.
 */
export function isApart({ masks, width }: KnownClip, at: number): boolean {
  for (let row = -width; row <= width; row += width) {
    for (let column = -1; column <= 1; column++) if (masks[at + row + column] > 0) return false;
  }
  return true;
}

/**
 * Commonest colours of what is neither a followed object nor the room, [count, 3], without those that an object
 * has too: a reflection looks like what it reflects.
 */
export function clutterOf(known: KnownClip, objects: readonly Appearance[]): Float64Array {
  const { frames, masks, plate } = known;
  const area = plate.length / 3;
  const bins = new Map<number, number[]>();
  let pixels = 0;
  for (let i = 0; i < masks.length; i++) {
    if (!isApart(known, i)) continue;
    const [red, green, blue] = [frames[i * 3], frames[i * 3 + 1], frames[i * 3 + 2]];
    const place = (i % area) * 3;
    if (red === plate[place] && green === plate[place + 1] && blue === plate[place + 2]) continue;
    if (distanceToShades(red, green, blue, plate, place, ...roomShades) < roomTolerance) continue;
    pixels++;
    const key = ((red >> 5) << 6) | ((green >> 5) << 3) | (blue >> 5);
    const sums = bins.get(key) ?? [0, 0, 0, 0];
    bins.set(key, [sums[0] + red, sums[1] + green, sums[2] + blue, sums[3] + 1]);
  }
  const commonest = [...bins.values()].filter(([, , , count]) => count >= clutterShare * pixels)
    .toSorted((a, b) => b[3] - a[3]).slice(0, clutterTones);
  return Float64Array.from(commonest.map(([r, g, b, count]) => [r / count, g / count, b / count])
    .filter(([r, g, b]) => objects.every(({ tones, own }) => {
      for (let tone = 0; tone < own; tone++) {
        if (distanceToShades(r, g, b, tones, tone * 3, ...objectShades) < clutterDistance) return false;
      }
      return true;
    })).flat());
}
