/**
 * Bodies of a decoded clip in the shapes that the first frame shows.
 *
 * Latents stand for cells that a small body is not much larger than. They say where it is, and about what outline it has,
 * but neither corners nor textures: a box that turns is decoded as a lump. The first frame shows it whole. Of every body
 * there the map is sought that takes its picture nearest to what the decoder has made of it (registration.ts), and the
 * picture is put in its place. What changes its size or colours, what has not moved, and what no map explains stay as they
 * were decoded. Plain loops over a few bodies, on the processor. It does not say where anything goes: the latents have.
 */
import { bodiesOf, describeBodies, labelsOf, middleOf, pixelsByLabel, reachOf, smallest, spread } from './body-labels.ts';
import type { Body, DecodedFrame, Size } from './body-labels.ts';
import type { Domain } from './config.ts';
import { edgeMatte, layerOf, pictureOf, placementOf, plainMatte } from './registration.ts';
import type { Picture, Placement } from './registration.ts';

/** Domains in which bodies keep the shapes and colours that they have; what flows, gives way, glows or melts does not. */
export const keepsShapes: Record<Domain, boolean> = { none: false, rigid: true, fluid: false, thermal: false, optics: true };

/** How far a body's farthest pixel is from its middle at most: what is larger is decoded well as it is. */
const largestReach = 24;
/** Largest error of a placement that is believed; of a body that was put in its place in the frame before. */
const believed = 0.6;
const believedOn = 0.7;
/** Most that a colour inside a body may differ by, of 255, on average and beyond what is common to all of it. */
const alikeInside = 36;
/** Change of area, either way, that a turn out of the picture's plane may bring. */
const areaChange = 1.4;
/** Pixels of way below which a body has not moved. */
const still = 1.5;
/** How much lighter than the background a place may become that a body has left. */
const lightest = 1.2;

/** Of colours where both a layer and the label are, of 255: what all pixels differ by, and the mean of the rest. */
function insideOf(layer: Float32Array, labels: Uint8Array, label: number, frame: Uint8Array) {
  const common = [0, 0, 0];
  let count = 0;
  const each = (add: (pixel: number) => void) => {
    for (let pixel = 0; pixel < labels.length; pixel++) if (labels[pixel] === label && layer[4 * pixel + 3] > 0.9) add(pixel);
  };
  const differenceAt = (pixel: number, c: number) => frame[3 * pixel + c] - 255 * layer[4 * pixel + c] / layer[4 * pixel + 3];
  each((pixel) => {
    count++;
    for (let c = 0; c < 3; c++) common[c] += differenceAt(pixel, c);
  });
  for (let c = 0; c < 3; c++) common[c] /= Math.max(1, count);
  let rest = 0;
  each((pixel) => {
    rest += Math.max(...common.map((value, c) => Math.abs(differenceAt(pixel, c) - value)));
  });
  return { common, rest: count > 0 ? rest / count : Infinity };
}

/** One body of a frame that is put in its place. */
interface Placed {
  readonly label: number;
  readonly layer: Float32Array;
  readonly common: readonly number[];
}

/** Puts bodies in their places in a frame, in place: what is left of them becomes what is beside it. */
function compose(decoded: DecodedFrame, labels: Uint8Array, placed: readonly Placed[]): void {
  const { frame, background, height, width } = decoded;
  if (placed.length === 0) return;
  const isPlaced = new Set(placed.map(({ label }) => label));
  // With the rim that a body's colours reach into.
  const wiped = labels.map((label) => Number(isPlaced.has(label)));
  spread(wiped, decoded, 1, (pixel) => labels[pixel] === 0);
  const original = frame.slice();
  const sources = new Int32Array(height * width).fill(-1);
  const queue: number[] = [];
  wiped.forEach((value, pixel) => {
    if (value > 0 || labels[pixel] > 0) return;
    sources[pixel] = pixel;
    queue.push(pixel);
  });
  // What is beside a body is the nearest pixel that is none of any: background, as light as that is.
  for (let i = 0; i < queue.length; i++) {
    const pixel = queue[i];
    const column = pixel % width;
    for (const next of [pixel - width, pixel + width, column > 0 ? pixel - 1 : -1, column < width - 1 ? pixel + 1 : -1]) {
      if (next < 0 || next >= height * width || sources[next] >= 0) continue;
      sources[next] = sources[pixel];
      queue.push(next);
    }
  }
  for (let pixel = 0; pixel < wiped.length; pixel++) {
    if (wiped[pixel] === 0 || sources[pixel] < 0) continue;
    const at = 3 * pixel;
    const beside = 3 * sources[pixel];
    for (let c = 0; c < 3; c++) {
      const lightness = (original[beside + c] + 8) / (background[beside + c] + 8);
      frame[at + c] = Math.min(255, Math.round(background[at + c] * Math.min(lightest, lightness)));
    }
  }
  const draw = ({ layer, common }: Placed, pixel: number) => {
    const share = layer[4 * pixel + 3];
    if (share === 0) return;
    for (let c = 0; c < 3; c++) {
      const value = frame[3 * pixel + c] * (1 - share) + 255 * layer[4 * pixel + c] + share * common[c];
      frame[3 * pixel + c] = Math.max(0, Math.min(255, Math.round(value)));
    }
  };
  // In front is what was decoded there.
  for (let pixel = 0; pixel < wiped.length; pixel++) {
    const front = labels[pixel];
    if (front > 0 && !isPlaced.has(front)) continue;
    for (const each of placed) if (each.label !== front) draw(each, pixel);
    for (const each of placed) if (each.label === front) draw(each, pixel);
  }
}

/**
 * A decoded clip with its bodies in the shapes of the first frame.
 * @param frames u8 [T, H, W, 3], as decoded; kept as they are
 * @param image its first frame u8 [H, W, 3]
 * @param background what that looks like without what moves, u8 [H, W, 3]
 * @returns u8 [T, H, W, 3]
 * @throws RangeError when the sizes do not fit
 */
export function withWholeBodies(
  frames: Uint8Array, image: Uint8Array, background: Uint8Array, size: Size,
): Uint8Array<ArrayBuffer> {
  const area = size.height * size.width;
  if (image.length !== 3 * area || background.length !== 3 * area || frames.length % (3 * area) !== 0) {
    throw new RangeError(`Bodies are of pictures of ${size.height} x ${size.width} x 3 bytes.`);
  }
  const result = Uint8Array.from(frames);
  const firstLabels = bodiesOf(image, background, size);
  const bodies = describeBodies(firstLabels, image, size);
  const firsts = bodies.map(({ label, centre, reach }) =>
    pictureOf(edgeMatte(image, background, firstLabels, label, size), centre, Math.ceil(reach) + 2, size));
  const places = new Map(bodies.map(({ label, centre }): [number, readonly [number, number]] => [label, centre]));
  const known = new Map<number, Placement>();
  for (let t = 1; t < frames.length / (3 * area); t++) {
    const frame = result.subarray(3 * area * t, 3 * area * (t + 1));
    const decoded = { ...size, frame, background };
    const labels = labelsOf(decoded, bodies, places);
    const placed: Placed[] = [];
    const pixels = pixelsByLabel(labels);
    bodies.forEach((body, k) => {
      const own = pixels.get(body.label) ?? [];
      if (own.length < smallest) return;
      const centre = middleOf(own, size.width);
      places.set(body.label, centre);
      // What is where it was is the first frame's already.
      const way = Math.hypot(centre[0] - body.centre[0], centre[1] - body.centre[1]);
      if (body.isCut || body.reach > largestReach || way < still) return;
      const placement = placedBody(decoded, labels, body, firsts[k], own, centre, known.get(body.label));
      if (placement === null) {
        known.delete(body.label);
        return;
      }
      known.set(body.label, placement);
      const layer = layerOf(firsts[k], centre, placement, size);
      const { common, rest } = insideOf(layer, labels, body.label, frame);
      if (rest < alikeInside) placed.push({ label: body.label, layer, common });
    });
    compose(decoded, labels, placed);
  }
  return result;
}

/** Where a body's first picture goes in a frame; null where no map explains what was decoded. */
function placedBody(
  decoded: DecodedFrame, labels: Uint8Array, body: Body, first: Picture, own: readonly number[], centre: readonly [number, number],
  before: Placement | undefined,
): Placement | null {
  const change = own.length / body.pixels.length;
  if (change > areaChange || change < 1 / areaChange) return null;
  const reach = Math.ceil(reachOf(own, centre, decoded.width)) + 3;
  const now = pictureOf(plainMatte(decoded.frame, labels, body.label), centre, reach, decoded);
  const side = 2 * reach + 1;
  const isHidden = new Uint8Array(side * side);
  for (let i = 0; i < isHidden.length; i++) {
    const x = Math.round(centre[0]) + i % side - reach;
    const y = Math.round(centre[1]) + Math.floor(i / side) - reach;
    // Behind another body nothing is known, nor beyond the picture.
    const isOutside = x < 0 || x >= decoded.width || y < 0 || y >= decoded.height;
    const label = isOutside ? 0 : labels[y * decoded.width + x];
    isHidden[i] = Number(isOutside || (label > 0 && label !== body.label));
  }
  const placement = placementOf(first, now, isHidden, before);
  return placement.error > (before === undefined ? believed : believedOn) ? null : placement;
}
