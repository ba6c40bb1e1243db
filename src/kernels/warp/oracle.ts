// Pixels of an image from other places of it, by plain loops on flat arrays in f64.
//
// y[b, t, r, c] = image[b] at (r + dy, c + dx), where dx, dy = offsets[b, t, r, c]: bilinear between the four pixels
// around it; beyond the border, what the border shows. Backward warping, as spatial transformers do (arXiv:1506.02025).

/** Sizes of image [B, H, W, C] and offsets [B, T, H, W, 2]. */
export interface WarpShape {
  batch: number;
  frames: number;
  height: number;
  width: number;
  channels: number;
}

// The pixel before a place on a line of `count` pixels, the one after it, and how far the place is between them.
function between(place: number, count: number): [before: number, after: number, share: number] {
  const inside = Math.min(Math.max(place, 0), count - 1);
  if (Number.isNaN(inside)) return [0, 0, NaN];
  const before = Math.floor(inside);
  return [before, Math.min(before + 1, count - 1), inside - before];
}

/** image [B, H, W, C] and offsets [B, T, H, W, 2], in pixels, x then y -> [B, T, H, W, C]. */
export function warpForward(image: ArrayLike<number>, offsets: ArrayLike<number>, shape: WarpShape): Float64Array {
  const { batch, frames, height, width, channels } = shape;
  const y = new Float64Array(batch * frames * height * width * channels);
  let pixel = 0;
  for (let b = 0; b < batch; b++) {
    const at = (row: number, column: number, c: number): number => image[((b * height + row) * width + column) * channels + c];
    for (let t = 0; t < frames; t++) {
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++, pixel++) {
          const [left, right, across] = between(column + offsets[2 * pixel], width);
          const [above, below, down] = between(row + offsets[2 * pixel + 1], height);
          for (let c = 0; c < channels; c++) {
            const top = (1 - across) * at(above, left, c) + across * at(above, right, c);
            const bottom = (1 - across) * at(below, left, c) + across * at(below, right, c);
            y[pixel * channels + c] = (1 - down) * top + down * bottom;
          }
        }
      }
    }
  }
  return y;
}
