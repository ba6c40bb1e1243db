// An animated GIF of a clip, enlarged so that it can be looked at.
import gifenc from 'gifenc';

const scale = 4;

/** GIF bytes of frames u8 [T, H, W, 3]; colours are reduced to 256 over the whole clip. */
export function gifFromFrames(
  frames: Uint8Array, shape: readonly number[], framesPerSecond: number,
): Uint8Array {
  const [count, height, width] = shape;
  const { GIFEncoder, quantize, applyPalette } = gifenc;
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
  return encoder.bytes();
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
