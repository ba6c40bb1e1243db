// An animated GIF of a clip, enlarged so that it can be looked at.
import * as imported from 'gifenc';
import type { Library } from 'gifenc';

// Bundlers take the package's ES build; Node takes the CommonJS one, all of which is its default export.
function isLibrary(namespace: object): namespace is Library {
  return 'quantize' in namespace;
}
const { GIFEncoder, quantize, applyPalette } = isLibrary(imported) ? imported : imported.default;

const scale = 4;

/** GIF bytes of frames u8 [T, H, W, 3]; colours are reduced to 256 over the whole clip. */
export function gifFromFrames(
  frames: Uint8Array, shape: readonly number[], framesPerSecond: number,
): Uint8Array<ArrayBuffer> {
  const [count, height, width] = shape;
  const colours = new Uint8Array((frames.length / 3) * 4);
  for (let pixel = 0; pixel < frames.length / 3; pixel++) {
    colours.set(frames.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel);
    colours[4 * pixel + 3] = 255;
  }
  const palette = quantize(colours, 256);
  const encoder = GIFEncoder();
  for (let t = 0; t < count; t++) {
    const start = t * height * width * 4;
    const indices = applyPalette(colours.subarray(start, start + height * width * 4), palette);
    encoder.writeFrame(enlarged(indices, height, width), width * scale, height * scale, {
      palette, delay: 1000 / framesPerSecond,
    });
  }
  encoder.finish();
  return Uint8Array.from(encoder.bytes());
}

/** Pixels between two clips, and their grey level. */
const gap = 2;
const gapLevel = 128;

/** Two clips u8 [T, H, W, 3] of one shape beside each other: [T, H, 2 W + 2, 3]. */
export function sideBySide(
  left: Uint8Array, right: Uint8Array, [frames, height, width]: readonly number[],
): { frames: Uint8Array; shape: [number, number, number] } {
  const across = 2 * width + gap;
  const both = new Uint8Array(frames * height * across * 3).fill(gapLevel);
  for (let row = 0; row < frames * height; row++) {
    const [from, to] = [row * width * 3, (row + 1) * width * 3];
    both.set(left.subarray(from, to), row * across * 3);
    both.set(right.subarray(from, to), (row * across + width + gap) * 3);
  }
  return { frames: both, shape: [frames, height, across] };
}

/** Every pixel repeated `scale` times both ways. */
function enlarged(indices: Uint8Array, height: number, width: number): Uint8Array {
  const large = new Uint8Array(indices.length * scale * scale);
  for (let y = 0; y < height * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      large[y * width * scale + x] = indices[Math.floor(y / scale) * width + Math.floor(x / scale)];
    }
  }
  return large;
}
