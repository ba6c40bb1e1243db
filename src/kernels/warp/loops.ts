// The same for tfjs's wasm backend: a loop over its memory, typed so that the browser compiles it well. tfjs has no
// bilinear sample; by four gathers it would take twelve passes. What is computed: oracle.ts.

import type { WarpShape } from './oracle.ts';

/** Writes y [B, T, H, W, C] of [image, offsets]. */
export function warpLoops([image, offsets]: Float32Array[], y: Float32Array, shape: WarpShape): void {
  const { frames, height, width, channels } = shape;
  const pixels = y.length / channels;
  for (let i = 0; i < pixels; i++) {
    const x = Math.min(Math.max((i % width) + offsets[2 * i], 0), width - 1);
    const z = Math.min(Math.max((Math.floor(i / width) % height) + offsets[2 * i + 1], 0), height - 1);
    // Of NaN this is 0; the shares below stay NaN.
    const [left, above] = [x | 0, z | 0];
    const [across, down] = [x - left, z - above];
    const right = left + 1 < width ? channels : 0;
    const below = above + 1 < height ? width * channels : 0;
    let at = ((Math.floor(i / (frames * height * width)) * height + above) * width + left) * channels;
    for (let c = 0; c < channels; c++, at++) {
      const top = image[at] + across * (image[at + right] - image[at]);
      const bottom = image[at + below] + across * (image[at + below + right] - image[at + below]);
      y[i * channels + c] = top + down * (bottom - top);
    }
  }
}
