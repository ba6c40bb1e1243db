/**
 * Bodies of a decoded clip in the shapes that the first frame shows.
 *
 * Latents stand for cells that a small body is not much larger than. They say where it is, and about what outline it has,
 * but neither corners nor textures: a box that turns is decoded as a lump, and a row of dominoes that lean on each other as
 * one. The first frame shows them whole. The placements of all of them are sought that explain together what the decoder has
 * made of them (registration.ts), their paths are made smooth where they are but for noise (body-paths.ts), and their
 * pictures are put there, as light as it was decoded. What has not moved stays as it was decoded, and so does what changes its
 * size or colours, and what no placement explains. Plain loops over a few bodies, on the processor. It does not say where
 * anything goes: the latents have.
 */
import { compose } from './body-composition.ts';
import {
  bodiesOf, decodedFrame, describeBodies, labelsOf, middleOf, pixelsByLabel, smallest, type Body, type DecodedFrame, type Size,
} from './body-labels.ts';
import {
  covers, edgeMatte, layerOf, pictureOf, uncovered, windowOf, type Layer, type Picture, type Placement, type Window,
} from './body-layers.ts';
import { smoothed } from './body-paths.ts';
import type { Domain } from './config.ts';
import { aligned, placementOf, turnedAt, type Evidence } from './registration.ts';

/** Domains in which bodies keep the shapes and colours that they have; what flows, gives way, glows or melts does not. */
export const keepsShapes: Record<Domain, boolean> = { none: false, rigid: true, fluid: false, thermal: false, optics: true };

/**
 * Largest cost of a body's placement, its pixels being 1, that is believed; where it touches another, whose colours were mixed
 * with its own as they were decoded.
 */
const believed = 0.55;
const believedTouching = 2;
/** Pixels from one body's to another's at which these touch. */
const touch = 3;
/** Pixels of way below which a body that lies where it was has not moved. */
const still = 1.5;
/** How much of its way since the frame before a body is expected to go on. */
const goesOn = 0.8;
/** Most times that all are placed anew, given where the others are. */
const sweeps = 3;

/** A body of the first frame on its way through the clip. */
interface Traveller extends Body {
  readonly first: Picture;
  /** Its placements in the frame before, and in that before it. */
  placement: Placement;
  earlier: Placement;
  /** Its placements from the first frame on, null where none is believed. */
  readonly path: (Placement | null)[];
}

const homeOf = ({ centre }: Body): Placement => [0, 0, 0, 0, ...centre];

function isSame(a: Placement, b: Placement): boolean {
  return a.every((value, k) => value === b[k]);
}

/** Where a body is in the next frame if it goes on as before; its stretch stays. */
function expectedOf({ placement, earlier }: Traveller): Placement {
  const on = (k: number) => placement[k] + goesOn * (placement[k] - earlier[k]);
  return [on(0), placement[1], placement[2], placement[3], on(4), on(5)];
}

/** Of each pixel of a window, in arrays of the whole picture, what it costs with these layers, and whether one covers it. */
function explainedBy(layers: readonly Layer[], { foreground, width }: DecodedFrame, [left, top, right, bottom]: Window) {
  const rest = new Float32Array(foreground.length);
  const isCovered = new Uint8Array(foreground.length);
  for (let y = top; y <= bottom; y++) {
    for (let pixel = y * width + left; pixel <= y * width + right; pixel++) {
      rest[pixel] = foreground[pixel] * uncovered;
      for (const layer of layers) {
        if (!covers(layer, pixel)) continue;
        const cost = layer.costs[pixel];
        rest[pixel] = isCovered[pixel] === 1 ? Math.min(rest[pixel], cost) : cost;
        isCovered[pixel] = 1;
      }
    }
  }
  return { rest, isCovered };
}

function overlap(a: Window, b: Window): boolean {
  return a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
}

/** Places those that move in a frame, each given the others: layers by label, of all bodies. */
function placeAll(
  decoded: DecodedFrame, bodies: readonly Traveller[], moving: readonly Traveller[],
  places: ReadonlyMap<number, readonly [number, number]>,
): Map<number, Layer> {
  const layers = new Map(bodies.map(({ label, first, placement }) => [label, layerOf(first, placement, decoded)]));
  const evidenceFor = ({ label }: Body, window: Window): Evidence => {
    const others = [...layers].flatMap(([other, layer]) => (other === label ? [] : [layer]));
    return { ...decoded, window, ...explainedBy(others, decoded, window) };
  };
  const place = (body: Traveller, placement: Placement) => {
    body.placement = placement;
    layers.set(body.label, layerOf(body.first, placement, decoded));
  };
  const starts = new Map(moving.map((body) => {
    const expected = expectedOf(body);
    return [body, { before: body.placement, expected, window: windowOf(body.first, expected, decoded) }];
  }));
  let changed = new Set(moving);
  for (let sweep = 0; sweep < sweeps && changed.size > 0; sweep++) {
    const previous = changed;
    changed = new Set();
    for (const body of moving) {
      const { before, expected, window } = starts.get(body)!;
      const touched = [...previous, ...changed].some((other) => other !== body && overlap(window, starts.get(other)!.window));
      if (sweep > 0 && !touched) continue;
      const candidates = sweep > 0
        ? [body.placement] : [before, expected, ...turnedAt(expected, places.get(body.label)!)];
      const evidence = evidenceFor(body, window);
      const placement = placementOf(body.first, body.pixels.length, evidence, candidates, before, expected);
      if (isSame(placement, body.placement)) continue;
      place(body, placement);
      changed.add(body);
    }
  }
  for (const body of moving) {
    const evidence = evidenceFor(body, windowOf(body.first, body.placement, decoded));
    place(body, aligned(body.placement, layers.get(body.label)!, evidence));
    body.earlier = starts.get(body)!.before;
  }
  return layers;
}

/** What is left unexplained where a body's layer is or its colours are, the pixels that it has being 1. */
function unexplainedOf(body: Body, layer: Layer, labels: Uint8Array, { rest, isCovered }: ReturnType<typeof explainedBy>): number {
  let sum = 0;
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const share = layer.shares[pixel];
    if (share > 0) sum += share * (isCovered[pixel] === 1 ? rest[pixel] : layer.costs[pixel]);
    if (labels[pixel] === body.label && isCovered[pixel] === 0) sum += (1 - share) * rest[pixel];
  }
  return sum / body.pixels.length;
}

/** Labels that have another within `touch` pixels in a row or a column of a frame. */
function touching(labels: Uint8Array, { width }: Size): Set<number> {
  const found = new Set<number>();
  labels.forEach((label, pixel) => {
    if (label === 0) return;
    for (let way = 1; way <= touch; way++) {
      for (const next of [pixel % width + way < width ? pixel + way : pixel, pixel + way * width]) {
        if (labels[next] > 0 && labels[next] !== label) found.add(label).add(labels[next]);
      }
    }
  });
  return found;
}

/** Follows bodies into a frame: to each path goes a placement, null where none is believed. */
function follow(
  decoded: DecodedFrame, labels: Uint8Array, travellers: readonly Traveller[],
  places: ReadonlyMap<number, readonly [number, number]>,
): void {
  // What is where it was is the first frame's already.
  const moving = travellers.filter((body) => {
    const [x, y] = places.get(body.label)!;
    return !isSame(body.placement, homeOf(body)) || Math.hypot(x - body.centre[0], y - body.centre[1]) >= still;
  });
  const lost = new Set<Traveller>();
  if (moving.length > 0) {
    const layers = placeAll(decoded, travellers, moving, places);
    const explained = explainedBy([...layers.values()], decoded, [0, 0, decoded.width - 1, decoded.height - 1]);
    const touched = touching(labels, decoded);
    for (const body of moving) {
      const most = touched.has(body.label) ? believedTouching : believed;
      if (unexplainedOf(body, layers.get(body.label)!, labels, explained) >= most) lost.add(body);
    }
  }
  for (const body of travellers) body.path.push(lost.has(body) ? null : body.placement);
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
  const places = new Map(bodies.map(({ label, centre }): [number, readonly [number, number]] => [label, centre]));
  const travellers = bodies.filter(({ isFollowed }) => isFollowed).map((body): Traveller => {
    const matte = edgeMatte(image, background, firstLabels, body.label, size);
    const first = pictureOf(matte, body.centre, Math.ceil(body.reach) + 2, size);
    const home = homeOf(body);
    return { ...body, first, placement: home, earlier: home, path: [home] };
  });
  const seen = Array.from({ length: frames.length / (3 * area) - 1 }, (_, k) => {
    const frame = result.subarray(3 * area * (k + 1), 3 * area * (k + 2));
    const decoded = decodedFrame(frame, background, size);
    const labels = labelsOf(decoded, bodies, places);
    for (const [label, pixels] of pixelsByLabel(labels)) {
      if (pixels.length >= smallest) places.set(label, middleOf(pixels, size.width));
    }
    follow(decoded, labels, travellers, places);
    return { decoded, labels };
  });
  seen.forEach(({ decoded, labels }, k) => {
    const placed = travellers.flatMap((body): [number, Layer][] => {
      const placement = body.path[k + 1];
      if (placement === null || isSame(placement, homeOf(body))) return [];
      return [[body.label, layerOf(body.first, smoothed(body.path, k + 1)!, decoded)]];
    });
    compose(decoded, labels, new Map(placed));
  });
  return result;
}
