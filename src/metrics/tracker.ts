// Finds the dropped objects of a known scene in any video that starts from its first frame: a colour model of
// each object (from the first frame and its masks) against the empty room's picture. Tolerant to shading (a
// colour may be scaled), to shadows on the room (its colour may be darkened), and to soft or slightly ghosted
// pictures (a pixel goes to whichever explains it better). Objects of a scene have different hues; looks that
// nobody has seen are not its business. frames u8 [T, H, W, 3] -> masks u8 [T, H, W].

/** What the tracker knows of a scene. */
export interface TrackedScene {
  /** RGB of the first frame, [H, W, 3]. */
  firstFrame: Uint8Array;
  /** Labels of the first frame, [H, W]. */
  firstMasks: Uint8Array;
  /** RGB of the scene without its dropped objects, [H, W, 3]. */
  plate: Uint8Array;
  height: number;
  width: number;
  /** Labels of the dropped objects. */
  labels: number[];
}

/** An object counts as present when its pixels are at least this fraction of those in the first frame. */
export const presenceFraction = 0.2;
/** Pieces smaller than this fraction of the largest piece are dropped. */
export const pieceFraction = 0.25;
/** A pixel nearer than this to the (shaded) room, in units of 1/255, is never an object's. */
const roomTolerance = 20;
/** Groups of an object's pixels from dark to light, and highlights: white light added to the middle group. */
const groups = 6;
const highlights = [0.1, 0.2];
const tones = groups + highlights.length;

/** Distance of a colour to the nearest multiple (within limits) of another. */
function distanceToShades(
  red: number, green: number, blue: number, r: number, g: number, b: number, low: number, high: number,
): number {
  const square = r * r + g * g + b * b;
  let scale = square > 0 ? (red * r + green * g + blue * b) / square : low;
  if (scale < low) scale = low;
  else if (scale > high) scale = high;
  const dr = red - scale * r;
  const dg = green - scale * g;
  const db = blue - scale * b;
  return Math.sqrt(dr * dr + dg * dg + db * db);
}

/** Mean colours of an object's pixels in groups from dark to light: [tones, 3]; null when it is not there. */
function toneModel(scene: TrackedScene, label: number): { tones: Float64Array; area: number } | null {
  const { firstFrame, firstMasks, height, width } = scene;
  const inside: number[] = [];
  const all: number[] = [];
  for (let pixel = 0; pixel < height * width; pixel++) {
    if (firstMasks[pixel] !== label) continue;
    all.push(pixel);
    const around = [pixel - 1, pixel + 1, pixel - width, pixel + width];
    if (around.every((other) => firstMasks[other] === label)) inside.push(pixel);
  }
  if (all.length === 0) return null;
  const used = inside.length >= 2 * groups ? inside : all;
  const lightness = (pixel: number) =>
    firstFrame[pixel * 3] + 2 * firstFrame[pixel * 3 + 1] + firstFrame[pixel * 3 + 2];
  used.sort((a, b) => lightness(a) - lightness(b) || a - b);
  const model = new Float64Array(tones * 3);
  for (let tone = 0; tone < groups; tone++) {
    const from = Math.floor((tone * used.length) / groups);
    const to = Math.max(from + 1, Math.floor(((tone + 1) * used.length) / groups));
    for (let i = from; i < to; i++) {
      for (let c = 0; c < 3; c++) model[tone * 3 + c] += firstFrame[used[i] * 3 + c] / (to - from);
    }
  }
  highlights.forEach((light, i) => {
    for (let c = 0; c < 3; c++) {
      const middle = model[(groups >> 1) * 3 + c] / 255;
      model[(groups + i) * 3 + c] = Math.min(255, 255 * Math.sqrt(middle * middle + light));
    }
  });
  return { tones: model, area: all.length };
}

/**
 * Lets neighbours decide: a pixel that most of its neighbours' object surrounds joins it. Highlights of one
 * object can have the hue of another, and a highlight can be as grey as the room; shapes have no holes.
 */
function settleByNeighbours(
  masks: Uint8Array, start: number, labels: number[], height: number, width: number,
): void {
  const before = masks.slice(start, start + height * width);
  for (let row = 1; row < height - 1; row++) {
    for (let column = 1; column < width - 1; column++) {
      const pixel = row * width + column;
      const own = before[pixel];
      let ownCount = 0;
      let strongest = 0;
      let strength = 0;
      for (const label of labels) {
        let count = 0;
        for (let r = -width; r <= width; r += width) {
          for (let c = -1; c <= 1; c++) if ((r !== 0 || c !== 0) && before[pixel + r + c] === label) count++;
        }
        if (label === own) ownCount = count;
        else if (count > strength) {
          strength = count;
          strongest = label;
        }
      }
      if (own === 0 ? strength >= 6 : strength >= 3 && strength > ownCount) masks[start + pixel] = strongest;
    }
  }
}

/**
 * Keeps, of one label in one frame, the largest piece and those of comparable size; too little is nothing.
 */
function keepLargePieces(
  masks: Uint8Array, start: number, label: number, height: number, width: number, leastArea: number,
): void {
  const area = height * width;
  const piece = new Int32Array(area);
  const sizes = [0];
  const stack: number[] = [];
  for (let seed = 0; seed < area; seed++) {
    if (masks[start + seed] !== label || piece[seed] !== 0) continue;
    const number = sizes.length;
    sizes.push(0);
    stack.push(seed);
    piece[seed] = number;
    while (stack.length > 0) {
      const pixel = stack.pop() ?? 0;
      sizes[number]++;
      const column = pixel % width;
      const row = (pixel - column) / width;
      for (let r = Math.max(0, row - 1); r <= Math.min(height - 1, row + 1); r++) {
        for (let c = Math.max(0, column - 1); c <= Math.min(width - 1, column + 1); c++) {
          const other = r * width + c;
          if (masks[start + other] !== label || piece[other] !== 0) continue;
          piece[other] = number;
          stack.push(other);
        }
      }
    }
  }
  const largest = Math.max(...sizes);
  const kept = sizes.map((size) => size >= pieceFraction * largest);
  const total = sizes.reduce((sum, size, i) => sum + (kept[i] ? size : 0), 0);
  for (let pixel = 0; pixel < area; pixel++) {
    if (piece[pixel] !== 0 && (!kept[piece[pixel]] || total < leastArea)) masks[start + pixel] = 0;
  }
}

/**
 * Tracks every dropped object through a video.
 * @param frames u8 [T, H, W, 3]
 * @returns labels u8 [T, H, W]
 * @throws RangeError when the frames do not fit the scene's size
 */
export function trackObjects(frames: Uint8Array, scene: TrackedScene): Uint8Array {
  const { plate, height, width, labels } = scene;
  const area = height * width;
  const count = frames.length / (area * 3);
  if (!Number.isInteger(count) || plate.length !== area * 3) {
    throw new RangeError(
      `Frames of ${frames.length} bytes are not a whole number of ${width} x ${height} pictures.`,
    );
  }
  const models = labels.flatMap((label) => {
    const model = toneModel(scene, label);
    return model ? [{ label, ...model }] : [];
  });
  const masks = new Uint8Array(count * area);
  for (let i = 0; i < count * area; i++) {
    const red = frames[i * 3];
    const green = frames[i * 3 + 1];
    const blue = frames[i * 3 + 2];
    const p = (i % area) * 3;
    const room = distanceToShades(red, green, blue, plate[p], plate[p + 1], plate[p + 2], 0.45, 1.08);
    if (room < roomTolerance) continue;
    let best = Infinity;
    let isObject = false;
    let nearest = 0;
    for (const { label, tones: model } of models) {
      for (let tone = 0; tone < tones; tone++) {
        const m = tone * 3;
        const distance = distanceToShades(red, green, blue, model[m], model[m + 1], model[m + 2], 0.75, 1.25);
        // Highlights tell objects apart only: half an object over the room looks like a highlight too.
        if (tone < groups && distance < room) isObject = true;
        if (distance < best) {
          best = distance;
          nearest = label;
        }
      }
    }
    if (isObject) masks[i] = nearest;
  }
  for (let frame = 0; frame < count; frame++) {
    for (let pass = 0; pass < 2; pass++) settleByNeighbours(masks, frame * area, labels, height, width);
    for (const { label, area: first } of models) {
      keepLargePieces(masks, frame * area, label, height, width, presenceFraction * first);
    }
  }
  return masks;
}
