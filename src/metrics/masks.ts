// Metrics between two tracks of one object, as masks. Definitions: PISA (arXiv 2503.09595): L2, Chamfer
// distance and IoU of the dropped object's masks, divided by sqrt(2) W. The published code leaves out frames
// whose object has vanished, so a video may win by deleting it; the strict forms count such a frame as the
// largest possible error. Survival says how often the object is there at all. Masks come from the tracker or
// the renderer.

/** Two tracks of masks of the same size; a pixel belongs to the object where the label matches. */
export interface MaskPair {
  /** [frames, height, width], labels. */
  predicted: Uint8Array;
  truth: Uint8Array;
  frames: number;
  height: number;
  width: number;
  /** The label of the object, or null: every non-zero pixel. */
  label: number | null;
}

export interface MaskScores {
  /** Published: NaN when no frame has the object in both. */
  l2: number;
  strictL2: number;
  chamfer: number;
  strictChamfer: number;
  iou: number;
  /** Fraction of the frames with the true object in which the prediction has it; 1 when there are none. */
  survival: number;
}

/** What a frame with exactly one of the two objects missing costs in the strict forms. */
export const largestL2 = Math.SQRT1_2;
export const largestChamfer = 2;

/** Pixel indices of one frame's object. */
function pixelsOf(masks: Uint8Array, start: number, area: number, label: number | null): number[] {
  const out: number[] = [];
  for (let i = 0; i < area; i++) {
    const value = masks[start + i];
    if (label === null ? value !== 0 : value === label) out.push(i);
  }
  return out;
}

/** Centre of mass in pixels: [column, row], pixel centres at whole numbers. */
function centre(pixels: number[], width: number): [number, number] {
  let columns = 0;
  let rows = 0;
  for (const pixel of pixels) {
    const column = pixel % width;
    columns += column;
    rows += (pixel - column) / width;
  }
  return [columns / pixels.length, rows / pixels.length];
}

/**
 * Mean distance in pixels from each pixel of one set to the nearest of another (both not empty). Exact: first
 * the distance down each column, then along the row of every pixel that asks.
 */
function directedDistance(from: number[], to: number[], height: number, width: number): number {
  const far = height + width;
  const vertical = new Int32Array(height * width).fill(far);
  for (const pixel of to) vertical[pixel] = 0;
  for (let i = width; i < vertical.length; i++) {
    if (vertical[i - width] + 1 < vertical[i]) vertical[i] = vertical[i - width] + 1;
  }
  for (let i = vertical.length - width - 1; i >= 0; i--) {
    if (vertical[i + width] + 1 < vertical[i]) vertical[i] = vertical[i + width] + 1;
  }
  let sum = 0;
  for (const pixel of from) {
    const column = pixel % width;
    const row = pixel - column;
    let best = Infinity;
    for (let c = 0; c < width; c++) {
      const down = vertical[row + c];
      if (down >= far) continue;
      const square = down * down + (c - column) * (c - column);
      if (square < best) best = square;
    }
    sum += Math.sqrt(best);
  }
  return sum / from.length;
}

/** Mean of the finite sum over a count; NaN when the count is 0. */
function over(sum: number, count: number): number {
  return count === 0 ? NaN : sum / count;
}

/**
 * Scores a predicted track against the true one.
 * @throws RangeError when the sizes do not fit the arrays
 */
export function scoreMasks(pair: MaskPair): MaskScores {
  const { predicted, truth, frames, height, width, label } = pair;
  const area = height * width;
  if (predicted.length !== frames * area || truth.length !== frames * area || frames < 1) {
    throw new RangeError(
      `Masks of ${frames} x ${height} x ${width} need ${frames * area} pixels each, ` +
      `got ${predicted.length} predicted and ${truth.length} true.`,
    );
  }
  const scale = Math.SQRT2 * width;
  let both = 0;
  let single = 0;
  let l2 = 0;
  let chamfer = 0;
  let iou = 0;
  let present = 0;
  for (let frame = 0; frame < frames; frame++) {
    const p = pixelsOf(predicted, frame * area, area, label);
    const t = pixelsOf(truth, frame * area, area, label);
    if (t.length > 0) present++;
    if (p.length === 0 && t.length === 0) {
      iou += 1;
    } else if (p.length === 0 || t.length === 0) {
      single++;
    } else {
      both++;
      const [px, py] = centre(p, width);
      const [tx, ty] = centre(t, width);
      l2 += (Math.abs(px - tx) + Math.abs(py - ty)) / 2 / scale;
      chamfer += (directedDistance(p, t, height, width) + directedDistance(t, p, height, width)) / scale;
      const marked = new Set(t);
      const shared = p.reduce((count, pixel) => count + (marked.has(pixel) ? 1 : 0), 0);
      iou += shared / (p.length + t.length - shared);
    }
  }
  return {
    l2: over(l2, both),
    strictL2: (l2 + single * largestL2) / frames,
    chamfer: over(chamfer, both),
    strictChamfer: (chamfer + single * largestChamfer) / frames,
    iou: iou / frames,
    survival: present === 0 ? 1 : both / present,
  };
}

/**
 * Centres of mass of one object by frame, in pixels.
 * @returns [frames, 2]: column and row (pixel centres at whole numbers), NaN where the object is missing
 */
export function centresOf(
  masks: Uint8Array, frames: number, height: number, width: number, label: number | null,
): Float64Array {
  const out = new Float64Array(frames * 2).fill(NaN);
  for (let frame = 0; frame < frames; frame++) {
    const pixels = pixelsOf(masks, frame * height * width, height * width, label);
    if (pixels.length > 0) out.set(centre(pixels, width), frame * 2);
  }
  return out;
}

/** Length of an object's path in widths of the picture; steps from or to a frame without it do not count. */
export function pathLength(centres: Float64Array, width: number): number {
  let length = 0;
  for (let i = 2; i < centres.length; i += 2) {
    const step = Math.hypot(centres[i] - centres[i - 2], centres[i + 1] - centres[i - 1]);
    if (!Number.isNaN(step)) length += step / width;
  }
  return length;
}
