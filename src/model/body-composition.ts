/**
 * Puts pictures of bodies into a decoded frame: in front what explains it better, as light as it was decoded, and the
 * background where a body was decoded and is not put. Where they go is known already: whole-bodies.ts.
 */
import { spread, type DecodedFrame, type Size } from './body-labels.ts';
import { covers, type Layer } from './body-layers.ts';

/** How much lighter than the background a place may become that a body has left. */
const lightest = 1.2;
/** How much lighter or darker than in the first frame a part of a body may be, and over how many pixels each way that is. */
const lights = 1.5;
const lightReach = 2;
/** Rings of pixels around what was decoded of a body that are no background's: of it, too, but of nobody's colours. */
const smearRings = 4;
/** Cosine of colours from which on lightness may be read off. */
const sameHue = 0.9;

/** Layers from the back to the front: of two that one is in front that explains better what was decoded where both are. */
function byDepth(layers: readonly Layer[]): Layer[] {
  const wins = new Map(layers.map((layer) => [layer, layers.reduce((sum, other) => {
    let gain = 0;
    for (let pixel = 0; pixel < layer.shares.length; pixel++) {
      if (covers(layer, pixel) && covers(other, pixel)) gain += other.costs[pixel] - layer.costs[pixel];
    }
    return sum + Math.sign(gain);
  }, 0)]));
  return layers.toSorted((a, b) => wins.get(a)! - wins.get(b)!);
}

/**
 * A layer's colours [H, W, 3], as light as was decoded where it is in front: faces turn to the light and away.
 * @param isFront u8 [H, W]
 */
function lit({ shares, colours }: Layer, frame: Uint8Array, isFront: Uint8Array, { height, width }: Size): Float32Array {
  const weights = new Float32Array(isFront.length);
  const ratios = new Float32Array(isFront.length);
  for (let pixel = 0; pixel < isFront.length; pixel++) {
    if (isFront[pixel] === 0) continue;
    let [both, own, decoded] = [0, 1e-4, 1e-4];
    for (let at = 3 * pixel; at < 3 * pixel + 3; at++) {
      both += colours[at] * frame[at] / 255;
      own += colours[at] ** 2;
      decoded += (frame[at] / 255) ** 2;
    }
    weights[pixel] = Math.max(0, (both / Math.sqrt(own * decoded) - sameHue) / (1 - sameHue));
    ratios[pixel] = weights[pixel] * Math.max(1 / lights, Math.min(lights, both / own));
  }
  const result = colours.slice();
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const pixel = row * width + column;
      if (shares[pixel] === 0) continue;
      // Half a pixel of what the first frame has: where nothing is known it is as light as there.
      let [ratio, weight] = [0.5, 0.5];
      for (let y = Math.max(0, row - lightReach); y <= Math.min(height - 1, row + lightReach); y++) {
        for (let x = Math.max(0, column - lightReach); x <= Math.min(width - 1, column + lightReach); x++) {
          ratio += ratios[y * width + x];
          weight += weights[y * width + x];
        }
      }
      for (let at = 3 * pixel; at < 3 * pixel + 3; at++) result[at] = Math.min(1, colours[at] * ratio / weight);
    }
  }
  return result;
}

/** How light a colour is in the background's direction, that being 1. */
function lightnessOf(pixels: Uint8Array, background: Uint8Array, at: number): number {
  let [both, own] = [1, 1];
  for (let i = at; i < at + 3; i++) {
    both += pixels[i] * background[i];
    own += background[i] ** 2;
  }
  return both / own;
}

/**
 * Makes of marked pixels of a frame its background: as light as it was in the original as far as it was seen there, and for
 * the rest as the nearest that is no body's. A shadow under a body stays, though it took on some of the body's colour.
 */
function wipe(
  { frame, background, foreground, height, width }: DecodedFrame, original: Uint8Array, wiped: Uint8Array, isFree: (pixel: number) => boolean,
): void {
  const sources = new Int32Array(height * width).fill(-1);
  const queue: number[] = [];
  wiped.forEach((_, pixel) => {
    if (!isFree(pixel)) return;
    sources[pixel] = pixel;
    queue.push(pixel);
  });
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
    const own = lightnessOf(original, background, at);
    for (let c = 0; c < 3; c++) {
      const nearest = (original[beside + c] + 8) / (background[beside + c] + 8);
      const lightness = own + foreground[pixel] * (nearest - own);
      frame[at + c] = Math.min(255, Math.round(background[at + c] * Math.min(lightest, lightness)));
    }
  }
}

/**
 * Puts bodies in their places in a frame, in place, and what is beside them where they were decoded and are not.
 * @param labels whose its pixels are, u8 [H, W]
 * @param layers what is put there, by label
 */
export function compose(decoded: DecodedFrame, labels: Uint8Array, layers: ReadonlyMap<number, Layer>): void {
  if (layers.size === 0) return;
  const { frame, foreground } = decoded;
  const original = frame.slice();
  const isOther = (pixel: number) => labels[pixel] > 0 && !layers.has(labels[pixel]);
  // With the rim that a body's colours reach into, and what has none of these beside it.
  const wiped = labels.map((label) => Number(layers.has(label)));
  spread(wiped, decoded, smearRings, (pixel) => labels[pixel] === 0 && foreground[pixel] > 0);
  spread(wiped, decoded, 1, (pixel) => labels[pixel] === 0);
  wipe(decoded, original, wiped, (pixel) => wiped[pixel] === 0 && labels[pixel] === 0 && foreground[pixel] === 0);
  const ordered = byDepth([...layers.values()]);
  ordered.forEach((layer, k) => {
    const inFront = ordered.slice(k + 1);
    const isFront = labels.map((_, pixel) =>
      Number(foreground[pixel] > 0 && covers(layer, pixel) && !inFront.some((other) => covers(other, pixel))));
    const colours = lit(layer, original, isFront, decoded);
    for (let pixel = 0; pixel < labels.length; pixel++) {
      const share = layer.shares[pixel];
      if (share === 0 || isOther(pixel)) continue;
      for (let at = 3 * pixel; at < 3 * pixel + 3; at++) {
        frame[at] = Math.max(0, Math.min(255, Math.round(frame[at] * (1 - share) + 255 * share * colours[at])));
      }
    }
  });
}
