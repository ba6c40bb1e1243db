// Follows the labelled objects of a known scene through any video that starts from its first frame. A pixel belongs to
// whatever explains its colour better: an object (its tones in the true clip), the empty room (its colour may be
// darkened, by a shadow), what is there in the true clip at that time and is not followed (water, a reflection), or
// other clutter. Where objects look alike, the one that was nearer in the frame before has it. Looks that the true
// clip does not show are not its business. frames u8 [T, H, W, 3] -> masks u8 [T, H, W].

import { distanceToShades } from '../math/colours.ts';
import {
  appearancesOf, clutterOf, isApart, objectShades, roomShades, roomTolerance,
} from './appearance.ts';
import type { Appearance, KnownClip } from './appearance.ts';
import { keepExpectedPieces, settleByNeighbours } from './pieces.ts';
import type { Expected, LabelledPicture } from './pieces.ts';

export type { KnownClip } from './appearance.ts';

/** An object counts as present when its pixels are at least this fraction of those that it has in the true clip. */
const presenceFraction = 0.2;
/** How much darker or lighter than in the true clip what it shows at a place may be. */
const shownShades = [0.8, 1.15] as const;
/** Objects whose distances to a colour differ by less than this look alike. */
const alike = 12;

/** How many pixels the label has, their centre and the diagonal of their bounding box; null when it has none. */
function extentOf(masks: Uint8Array, width: number, label: number) {
  let area = 0;
  let columns = 0;
  let rows = 0;
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let pixel = 0; pixel < masks.length; pixel++) {
    if (masks[pixel] !== label) continue;
    const column = pixel % width;
    const row = (pixel - column) / width;
    area++;
    columns += column;
    rows += row;
    [left, right] = [Math.min(left, column), Math.max(right, column)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
  }
  if (area === 0) return null;
  return { area, column: columns / area, row: rows / area, diagonal: Math.hypot(right - left + 1, bottom - top + 1) };
}

/** What there is to follow in the clips of a scene, and what it is not to be taken for. */
interface Cast {
  readonly objects: readonly Followed[];
  readonly clutter: Float64Array;
}

/** An object that is followed. */
interface Followed extends Appearance {
  /** Pixels in every true frame; those of the first frame where it is hidden. */
  readonly areas: number[];
  readonly reach: number;
  /** Where it is seen first. */
  readonly start: Place;
}

type Place = Pick<Expected, 'column' | 'row'>;

/** Of the scenes that are in use: several clips of one are tracked in a row. */
const casts = new WeakMap<KnownClip, Cast>();

function castOf(known: KnownClip): Cast {
  let cast = casts.get(known);
  if (!cast) {
    const objects = followedObjects(known);
    cast = { objects, clutter: clutterOf(known, objects) };
    casts.set(known, cast);
  }
  return cast;
}

function followedObjects(known: KnownClip): Followed[] {
  const { masks, height, width } = known;
  const area = height * width;
  return appearancesOf(known).flatMap((appearance) => {
    const extents = Array.from({ length: masks.length / area }, (_, frame) =>
      extentOf(masks.subarray(frame * area, (frame + 1) * area), width, appearance.label));
    const first = extents.find((extent) => extent !== null);
    if (!first) return [];
    const reach = 0.75 * Math.max(...extents.map((extent) => extent?.diagonal ?? 0));
    return [{ ...appearance, areas: extents.map((extent) => (extent ?? first).area), reach, start: first }];
  });
}

/** Distance of every pixel to the nearest of a label, in steps to 8 neighbours; far where there is none. */
function distancesTo(masks: Uint8Array, label: number, height: number, width: number): Float32Array {
  const far = height + width;
  const distance = Float32Array.from(masks, (value) => (value === label ? 0 : far));
  // The picture's edge counts as far: rows and columns are asked for only inside it.
  const at = (row: number, column: number, cost: number) =>
    (row < 0 || row >= height || column < 0 || column >= width ? far : distance[row * width + column] + cost);
  const sweep = (row: number, column: number, step: number) => {
    const nearest = Math.min(at(row, column - step, 1), at(row - step, column, 1),
      at(row - step, column - 1, Math.SQRT2), at(row - step, column + 1, Math.SQRT2));
    if (nearest < distance[row * width + column]) distance[row * width + column] = nearest;
  };
  for (let row = 0; row < height; row++) for (let column = 0; column < width; column++) sweep(row, column, 1);
  for (let row = height - 1; row >= 0; row--) for (let column = width - 1; column >= 0; column--) sweep(row, column, -1);
  return distance;
}

/**
 * Follows every labelled object through a video.
 * @param frames u8 [T, H, W, 3]
 * @returns labels u8 [T, H, W]
 * @throws RangeError when the frames do not fit the scene's size
 */
export function trackObjects(frames: Uint8Array, known: KnownClip): Uint8Array {
  const { height, width, labels } = known;
  const area = height * width;
  const count = frames.length / (area * 3);
  if (!Number.isInteger(count) || known.plate.length !== area * 3) {
    throw new RangeError(
      `Frames of ${frames.length} bytes are not a whole number of ${width} x ${height} pictures.`,
    );
  }
  const cast = castOf(known);
  const places = new Map<number, Place>(cast.objects.map(({ label, start }) => [label, start]));
  const masks = new Uint8Array(count * area);
  let before = known.masks.subarray(0, area);
  for (let frame = 0; frame < count; frame++) {
    const now = masks.subarray(frame * area, (frame + 1) * area);
    const picture = { masks: now, height, width };
    labelPixels(picture, frames.subarray(frame * area * 3), frame, { known, cast, before });
    for (let pass = 0; pass < 2; pass++) settleByNeighbours(picture, labels);
    for (const { label, areas, reach, start } of cast.objects) {
      const leastArea = presenceFraction * areas[Math.min(frame, areas.length - 1)];
      const place = places.get(label) ?? start;
      places.set(label, keepExpectedPieces(picture, label, { ...place, reach, leastArea }) ?? place);
    }
    before = now;
  }
  return masks;
}

/** Gives every pixel of one frame the label of what explains it best. */
function labelPixels(
  { masks, height, width }: LabelledPicture, frame: Uint8Array, time: number,
  { known, cast: { objects, clutter }, before }: { known: KnownClip; cast: Cast; before: Uint8Array },
): void {
  const area = masks.length;
  const from = Math.max(0, time - 1) * area;
  const to = Math.min(known.masks.length, (time + 2) * area);
  const indices = new Map(objects.map(({ label }, k) => [label, k]));
  const nearness: (Float32Array | undefined)[] = objects.map(() => undefined);
  const distances = new Float64Array(objects.length);
  for (let pixel = 0; pixel < area; pixel++) {
    const red = frame[pixel * 3];
    const green = frame[pixel * 3 + 1];
    const blue = frame[pixel * 3 + 2];
    const room = distanceToShades(red, green, blue, known.plate, pixel * 3, ...roomShades);
    if (room < roomTolerance && !isShown(pixel)) continue;
    distances.fill(Infinity);
    let other = Math.min(room, distancesToShown(red, green, blue, pixel));
    let best = nearestDistance();
    let isObject = best < other;
    if (!isObject && other < roomTolerance) continue;
    for (let at = 0; at < clutter.length; at += 3) {
      const distance = distanceToShades(red, green, blue, clutter, at, ...objectShades);
      if (distance < other) other = distance;
    }
    for (let k = 0; k < objects.length; k++) {
      const { tones, own } = objects[k];
      for (let tone = 0; tone * 3 < tones.length; tone++) {
        const distance = distanceToShades(red, green, blue, tones, tone * 3, ...objectShades);
        // Highlights tell objects apart only: half an object over the room looks like a highlight too.
        if (tone < own && distance < other) isObject = true;
        if (distance < distances[k]) distances[k] = distance;
      }
    }
    best = nearestDistance();
    if (isObject) masks[pixel] = objects[nearestAlike(best, pixel)].label;
  }

  /** Whether the true clip shows an object at this pixel about this time. */
  function isShown(pixel: number): boolean {
    for (let at = from + pixel; at < to; at += area) if (known.masks[at] > 0) return true;
    return false;
  }

  /**
   * Sets every object's distance to the colours that the true clip shows of it at this pixel about this time;
   * returns the distance to what it shows there beside the objects, Infinity where that is nothing.
   */
  function distancesToShown(red: number, green: number, blue: number, pixel: number): number {
    let other = Infinity;
    for (let at = from + pixel; at < to; at += area) {
      const label = known.masks[at];
      if (label === 0 && !isApart(known, at)) continue;
      const distance = distanceToShades(red, green, blue, known.frames, at * 3, ...shownShades);
      const k = indices.get(label);
      if (k === undefined) other = Math.min(other, distance);
      else distances[k] = Math.min(distances[k], distance);
    }
    return other;
  }

  function nearestDistance(): number {
    let nearest = Infinity;
    for (let k = 0; k < distances.length; k++) if (distances[k] < nearest) nearest = distances[k];
    return nearest;
  }

  /** Of the objects that explain the pixel about as well as the best one, that which was nearest before. */
  function nearestAlike(best: number, pixel: number): number {
    const isAlike = (distance: number) => distance <= best + alike;
    let nearest = distances.findIndex(isAlike);
    if (distances.findLastIndex(isAlike) === nearest) return nearest;
    let least = Infinity;
    for (let k = nearest; k < objects.length; k++) {
      if (!isAlike(distances[k])) continue;
      nearness[k] ??= distancesTo(before, objects[k].label, height, width);
      if (nearness[k]![pixel] < least) {
        least = nearness[k]![pixel];
        nearest = k;
      }
    }
    return nearest;
  }
}
