// Bodies in the shapes of the first frame, on pictures that are made up: what is put right, and what is left alone.

import { expect, test } from 'vitest';
import { bodiesOf } from './body-labels.ts';
import { withWholeBodies } from './whole-bodies.ts';

const size = { height: 64, width: 64 };
const area = size.height * size.width;
const grey: Colour = [140, 140, 136];
const blue: Colour = [40, 80, 200];
const orange: Colour = [210, 110, 30];

type Colour = readonly [number, number, number];

/** A body's share of a pixel, by where it is from the body's middle, in the body's own directions. */
type Shape = (across: number, down: number) => number;

const edge = (inside: number) => Math.min(1, Math.max(0, inside + 0.5));
const box = (width: number, height: number): Shape => (across, down) =>
  edge(Math.min(width / 2 - Math.abs(across), height / 2 - Math.abs(down)));
/** What a decoder makes of a box: its corners are gone. */
const lump = (width: number, height: number): Shape => (across, down) => {
  const radius = Math.min(width, height) * 0.35;
  const outside = Math.hypot(Math.max(0, Math.abs(across) - width / 2 + radius), Math.max(0, Math.abs(down) - height / 2 + radius));
  return edge(Math.min(radius - outside, width / 2 - Math.abs(across), height / 2 - Math.abs(down)) + 0.4);
};

interface Thing {
  readonly shape: Shape;
  readonly colour: Colour | ((across: number, down: number) => Colour);
  readonly at: readonly [number, number];
  readonly angle?: number;
}

function pictureOf(things: readonly Thing[]): Uint8Array {
  const pixels = new Uint8Array(3 * area);
  for (let pixel = 0; pixel < area; pixel++) {
    const [x, y] = [pixel % size.width, Math.floor(pixel / size.width)];
    // A little texture, as floors have.
    let colour: number[] = grey.map((value) => value + ((x >> 3) + (y >> 3)) % 2 * 6);
    for (const { shape, colour: own, at, angle = 0 } of things) {
      const [dx, dy] = [x - at[0], y - at[1]];
      const across = Math.cos(angle) * dx + Math.sin(angle) * dy;
      const down = Math.cos(angle) * dy - Math.sin(angle) * dx;
      const share = shape(across, down);
      const itself = typeof own === 'function' ? own(across, down) : own;
      colour = colour.map((value, c) => value * (1 - share) + itself[c] * share);
    }
    pixels.set(colour.map(Math.round), 3 * pixel);
  }
  return pixels;
}

function clipOf(...frames: Uint8Array[]): Uint8Array {
  return Uint8Array.from(frames.flatMap((frame) => [...frame]));
}

function meanError(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;
}

/** What is left of the errors, where they were large: of corners that were cut off. */
function leftOfLarge(picture: Uint8Array, before: Uint8Array, truth: Uint8Array): number {
  let [left, all] = [0, 0];
  truth.forEach((value, i) => {
    if (Math.abs(before[i] - value) < 40) return;
    left += Math.abs(picture[i] - value);
    all += Math.abs(before[i] - value);
  });
  expect(all).toBeGreaterThan(0);
  return left / all;
}

const background = pictureOf([]);
const frameOf = (clip: Uint8Array, t: number) => clip.subarray(3 * area * t, 3 * area * (t + 1));

test('bodies are what the background does not have, each of one hue, and shadows are none', () => {
  const shadow: Thing = { shape: box(16, 5), colour: [84, 84, 81], at: [24, 40] };
  const image = pictureOf([
    shadow, { shape: box(14, 14), colour: blue, at: [24, 28] }, { shape: box(12, 12), colour: orange, at: [37, 29] },
  ]);
  const labels = bodiesOf(image, background, size);
  const at = (x: number, y: number) => labels[y * size.width + x];
  expect([...new Set(labels)].toSorted()).toEqual([0, 1, 2]);
  expect(at(24, 28)).not.toBe(at(37, 29));
  expect([at(24, 28), at(37, 29)]).not.toContain(0);
  expect([at(24, 41), at(50, 50)]).toEqual([0, 0]);
  expect(labels.filter((label) => label === at(24, 28)).length).toBeGreaterThan(180);
  // Negative control: of a background that has them too there are none.
  expect(bodiesOf(image, image, size).every((label) => label === 0)).toBe(true);
});

test('a lump becomes the box that it was, turned and shifted as the lump is', () => {
  const start: Thing = { shape: box(18, 11), colour: blue, at: [20, 22] };
  const image = pictureOf([start]);
  const places = [[26, 26, 0.3], [33, 32, 0.8], [40, 38, 1.4]] as const;
  const truth = places.map(([x, y, angle]) => pictureOf([{ ...start, at: [x, y], angle }]));
  const lumps = places.map(([x, y, angle]) => pictureOf([{ ...start, shape: lump(18, 11), at: [x, y], angle }]));
  const frames = clipOf(image, ...lumps);
  const before = frames.slice();
  const whole = withWholeBodies(frames, image, background, size);
  expect(frames).toEqual(before);
  expect(frameOf(whole, 0)).toEqual(image);
  truth.forEach((picture, k) => {
    expect(leftOfLarge(frameOf(whole, k + 1), lumps[k], picture)).toBeLessThan(0.75);
    expect(meanError(frameOf(whole, k + 1), picture)).toBeLessThan(meanError(lumps[k], picture));
  });
});

test('textures come along', () => {
  const striped = (across: number): Colour => (Math.floor((across + 30) / 3) % 2 === 0 ? blue : [90, 130, 250]);
  const start: Thing = { shape: box(18, 14), colour: striped, at: [20, 22] };
  const image = pictureOf([start]);
  const moved = { at: [34, 33] as const, angle: 0.5 };
  const truth = pictureOf([{ ...start, ...moved }]);
  const smeared = pictureOf([{ ...start, ...moved, colour: [65, 105, 225], shape: lump(18, 14) }]);
  const whole = withWholeBodies(clipOf(image, smeared), image, background, size);
  expect(meanError(frameOf(whole, 1), truth)).toBeLessThan(0.6 * meanError(smeared, truth));
});

test('bodies that look alike keep their places', () => {
  const boxes = (left: number, right: number, shape: Shape): Thing[] =>
    [{ shape, colour: blue, at: [left, 22] }, { shape, colour: blue, at: [right, 22] }];
  const image = pictureOf(boxes(18, 46, box(12, 12)));
  const truth = pictureOf(boxes(22, 42, box(12, 12)));
  const lumps = pictureOf(boxes(22, 42, lump(12, 12)));
  const whole = withWholeBodies(clipOf(image, lumps), image, background, size);
  expect(meanError(frameOf(whole, 1), truth)).toBeLessThan(0.5 * meanError(lumps, truth));
});

test('beside a body in the shade it stays dark', () => {
  const shade = { shape: box(40, 40), colour: [100, 100, 97] as const, at: [32, 32] as const };
  const image = pictureOf([shade, { shape: box(14, 14), colour: blue, at: [26, 26] }]);
  const wide = pictureOf([shade, { shape: lump(18, 14), colour: blue, at: [36, 36] }]);
  // The background knows no shade.
  const whole = withWholeBodies(clipOf(image, wide), image, background, size);
  for (const x of [26, 46]) {
    const at = 3 * (36 * size.width + x);
    expect(Math.abs(frameOf(whole, 1)[at] - 100)).toBeLessThan(12);
    expect(background[at] - 100).toBeGreaterThan(30);
  }
  expect(frameOf(whole, 1)).not.toEqual(wide);
});

const body: Thing = { shape: box(14, 14), colour: blue, at: [24, 26] };

test.each<[string, Thing]>([
  ['has not moved', { ...body, shape: lump(14, 14) }],
  ['shrinks', { ...body, shape: box(9, 9), at: [30, 32] }],
  ['is of another colour', { ...body, colour: [200, 60, 60], at: [30, 32] }],
  ['glows in a part', { ...body, colour: (across) => [Math.min(255, 120 + 14 * across), 80, 200], at: [30, 32] }],
  ['has become something else', { ...body, shape: (across, down) => edge(12 - Math.abs(across)) * edge(3 - Math.abs(down)), at: [30, 32] }],
])('what %s stays as it was decoded', (_, later) => {
  const image = pictureOf([body]);
  const frames = clipOf(image, pictureOf([later]));
  expect(withWholeBodies(frames, image, background, size)).toEqual(frames);
});

test('what the border cuts off, in the first frame, stays as it was decoded', () => {
  const image = pictureOf([{ ...body, at: [4, 26] }]);
  const frames = clipOf(image, pictureOf([{ ...body, shape: lump(14, 14), at: [14, 30] }]));
  expect(withWholeBodies(frames, image, background, size)).toEqual(frames);
});

test('a clip without bodies is as it was, and sizes that do not fit are refused', () => {
  const frames = clipOf(background, background);
  expect(withWholeBodies(frames, background, background, size)).toEqual(frames);
  expect(() => withWholeBodies(frames.subarray(1), background, background, size)).toThrow(/64 x 64 x 3 bytes/);
  expect(() => withWholeBodies(frames, background.subarray(3), background, size)).toThrow(RangeError);
});

test('of bodies that overlap that is in front which was decoded there', () => {
  const image = pictureOf([{ shape: box(14, 14), colour: blue, at: [16, 20] }, { shape: box(14, 14), colour: orange, at: [46, 20] }]);
  for (const [behind, front] of [[blue, orange], [orange, blue]] as const) {
    const at = (colour: Colour): [number, number] => (colour === blue ? [26, 34] : [36, 34]);
    const truth = pictureOf([behind, front].map((colour) => ({ shape: box(14, 14), colour, at: at(colour) })));
    const lumps = pictureOf([behind, front].map((colour) => ({ shape: lump(14, 14), colour, at: at(colour) })));
    const whole = frameOf(withWholeBodies(clipOf(image, lumps), image, background, size), 1);
    expect(whole).not.toEqual(lumps);
    // The middle of where they overlap.
    const between = 3 * (34 * size.width + 31);
    expect(Math.abs(whole[between + 2] - truth[between + 2])).toBeLessThan(20);
    expect(meanError(whole, truth)).toBeLessThan(meanError(lumps, truth));
  }
});

/** A picture's means over squares of 2 reach + 1 pixels: what lies side by side runs together. */
function smeared(picture: Uint8Array, reach: number): Uint8Array {
  return picture.map((_, i) => {
    const [row, column] = [Math.floor(i / 3 / size.width), Math.floor(i / 3) % size.width];
    let [sum, count] = [0, 0];
    for (let y = Math.max(0, row - reach); y <= Math.min(size.height - 1, row + reach); y++) {
      for (let x = Math.max(0, column - reach); x <= Math.min(size.width - 1, column + reach); x++) {
        sum += picture[3 * (y * size.width + x) + i % 3];
        count++;
      }
    }
    return Math.round(sum / count);
  });
}

test('of a row that leans on itself, decoded as one smear, each is whole again', () => {
  const colours: Colour[] = [blue, orange, [60, 170, 70]];
  /** Slabs that have fallen by an angle about their feet. */
  const row = (angle: number): Uint8Array => pictureOf(colours.map((colour, k) => ({
    shape: box(6, 22), colour, at: [20 + 10 * k + 11 * Math.sin(angle), 48 - 11 * Math.cos(angle)], angle,
  })));
  const image = row(0);
  const truth = [0.15, 0.3, 0.45, 0.6, 0.75].map(row);
  const smears = truth.map((picture) => smeared(picture, 2));
  const whole = withWholeBodies(clipOf(image, ...smears), image, background, size);
  truth.slice(1).forEach((picture, k) => {
    expect(leftOfLarge(frameOf(whole, k + 2), smears[k + 1], picture)).toBeLessThan(0.7);
    expect(meanError(frameOf(whole, k + 2), picture)).toBeLessThan(0.8 * meanError(smears[k + 1], picture));
  });
  // Negative control: smears of something else are not made into it.
  const other = smeared(pictureOf([{ shape: box(34, 12), colour: [170, 60, 160], at: [34, 40] }]), 2);
  expect(withWholeBodies(clipOf(image, other), image, background, size)).toEqual(clipOf(image, other));
});

test('a face that has turned to the light is as light as it was decoded', () => {
  const light = ([red, green, blueness]: Colour): Colour => [1.25 * red, 1.25 * green, 1.25 * blueness];
  const image = pictureOf([body]);
  const moved: Thing = { ...body, at: [32, 34], colour: (_, down) => (down < 0 ? light(blue) : blue) };
  const whole = frameOf(withWholeBodies(clipOf(image, pictureOf([{ ...moved, shape: lump(14, 14) }])), image, background, size), 1);
  const blueAt = (y: number) => whole[3 * (y * size.width + 32) + 2];
  expect(blueAt(30)).toBeGreaterThan(blue[2] * 1.15);
  expect(blueAt(39)).toBeLessThan(blue[2] * 1.05);
  // Its corners are there again, and in the light.
  expect(whole[3 * (28 * size.width + 26) + 2]).toBeGreaterThan(blue[2] * 1.1);
});

test('what a body in front cuts in two stays on both sides of it', () => {
  const plank: Thing = { shape: box(58, 6), colour: orange, at: [32, 40] };
  const boxAt = (x: number, shape: Shape): Thing => ({ shape, colour: blue, at: [x, 36] });
  const image = pictureOf([plank, boxAt(16, box(12, 12))]);
  const later = pictureOf([plank, boxAt(36, lump(12, 12))]);
  const whole = frameOf(withWholeBodies(clipOf(image, later), image, background, size), 1);
  expect(whole).not.toEqual(later);
  for (const x of [8, 16, 24, 48, 56]) {
    const at = 3 * (40 * size.width + x);
    expect([...whole.subarray(at, at + 3)]).toEqual(orange);
  }
});

/** Where the blue of a frame is, x then y in pixels. */
function middleOfBlue(frame: Uint8Array): [number, number] {
  let [x, y, all] = [0, 0, 0];
  for (let pixel = 0; pixel < area; pixel++) {
    const blueness = Math.max(0, frame[3 * pixel + 2] - frame[3 * pixel] - 10);
    x += blueness * (pixel % size.width);
    y += blueness * Math.floor(pixel / size.width);
    all += blueness;
  }
  return [x / all, y / all];
}

test('a body is put to a quarter of a pixel where it was decoded, also over a shadow that took on some of its colour', () => {
  const ball: Shape = (across, down) => edge(8 - Math.hypot(across, down));
  const soft: Shape = (across, down) => edge((8 - Math.hypot(across, down)) / 3);
  const shadow: Thing = { shape: box(14, 5), colour: [66, 70, 88], at: [33.35, 44.2] };
  const image = pictureOf([{ shape: ball, colour: blue, at: [22, 22] }]);
  const middleAt = (y: number) => middleOfBlue(pictureOf([{ shape: ball, colour: blue, at: [33.35, y] }]));
  const [x, y] = middleAt(35.7);
  for (const beside of [[], [shadow]]) {
    const decoded = pictureOf([...beside, { shape: soft, colour: blue, at: [33.35, 35.7] }]);
    const whole = frameOf(withWholeBodies(clipOf(image, decoded), image, background, size), 1);
    expect(whole).not.toEqual(decoded);
    const [placedX, placedY] = middleOfBlue(whole);
    expect(Math.abs(placedX - x)).toBeLessThan(0.25);
    expect(Math.abs(placedY - y)).toBeLessThan(0.25);
  }
  // Negative control: as far as a search by quarters of a pixel may end from there it would not do.
  expect(Math.abs(middleAt(35.2)[1] - y)).toBeGreaterThan(0.25);
});

test('a shadow that took on some of a body\'s colour is one when the body has been put', () => {
  const shadow: Thing = { shape: box(12, 4), colour: [66, 70, 88], at: [33, 43] };
  const image = pictureOf([{ shape: box(14, 14), colour: blue, at: [22, 22] }]);
  const decoded = (beside: readonly Thing[]) => pictureOf([...beside, { shape: lump(14, 14), colour: blue, at: [33, 35] }]);
  const colourUnder = (frame: Uint8Array) => {
    const whole = frameOf(withWholeBodies(clipOf(image, frame), image, background, size), 1);
    expect(whole).not.toEqual(frame);
    return [...whole.subarray(3 * (44 * size.width + 33), 3 * (44 * size.width + 33) + 3)];
  };
  const [red, , blueness] = colourUnder(decoded([shadow]));
  expect(red).toBeLessThan(115);
  expect(blueness - red).toBeLessThan(8);
  // Negative control: without one it is as light as the floor.
  expect(colourUnder(decoded([]))[0]).toBeGreaterThan(130);
});
