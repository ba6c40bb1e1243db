// Motion as that of rigid bodies, by plain loops on flat arrays in f64.
//
// Around each pixel p, over places q within `reach` of it: from the places x = q - p to their sources s = x + offset(q),
// the turn R and the shift whose squared errors, weighted by w(q), are least. With the weighted means m of x and n of s,
//   R turns by the angle of (sum w (x.s) / W - m.n + unturned, sum w (x cross s) / W - m cross n),
//   y(p) = (n - R m) W / (W + believed), W = sum w.
// Source: rigid moving least squares (Schaefer, McPhail, Warren, Image deformation using moving least squares, 2006), here
// with a box for its weights; the turn is that of Kabsch (1976) in the plane.

/** Pixels to each side of a place that are taken for one rigid body's. */
export const reach = 7;
/** What the angle is held to none by, in squared pixels of spread: a few pixels do not tell how far they have turned. */
export const unturned = 1;
/** Pixels that must be known to move for a body to be believed in. */
export const believed = 0.1;
/** Weights of nothing: sums of them divide nothing by nothing. */
export const nothing = 1e-9;

/** Sizes of offsets [B, T, H, W, 2] and weight [B, T, H, W]: `pictures` is B * T. */
export interface RigidShape {
  pictures: number;
  height: number;
  width: number;
}

/** offsets [B, T, H, W, 2] in pixels, x then y, and weight [B, T, H, W] -> [B, T, H, W, 2]. */
export function rigidForward(offsets: ArrayLike<number>, weight: ArrayLike<number>, shape: RigidShape): Float64Array {
  const { pictures, height, width } = shape;
  const y = new Float64Array(pictures * height * width * 2);
  for (let pixel = 0; pixel < pictures * height * width; pixel++) {
    const column = pixel % width;
    const row = Math.floor(pixel / width) % height;
    let [total, mx, my, nx, ny, dot, cross] = [0, 0, 0, 0, 0, 0, 0];
    for (let dy = Math.max(-reach, -row); dy <= Math.min(reach, height - 1 - row); dy++) {
      for (let dx = Math.max(-reach, -column); dx <= Math.min(reach, width - 1 - column); dx++) {
        const q = pixel + dy * width + dx;
        const [w, sx, sy] = [weight[q], dx + offsets[2 * q], dy + offsets[2 * q + 1]];
        total += w;
        mx += w * dx;
        my += w * dy;
        nx += w * sx;
        ny += w * sy;
        dot += w * (dx * sx + dy * sy);
        cross += w * (dx * sy - dy * sx);
      }
    }
    const known = Number.isNaN(total) ? NaN : Math.max(total, nothing);
    [mx, my, nx, ny] = [mx / known, my / known, nx / known, ny / known];
    const along = dot / known - (mx * nx + my * ny) + unturned;
    const aside = cross / known - (mx * ny - my * nx);
    const length = Math.hypot(along, aside);
    const [cosine, sine] = [along / length, aside / length];
    const share = total / (total + believed);
    y[2 * pixel] = (nx - (cosine * mx - sine * my)) * share;
    y[2 * pixel + 1] = (ny - (sine * mx + cosine * my)) * share;
  }
  return y;
}
