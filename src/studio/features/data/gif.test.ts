import { expect, test } from 'vitest';
import { gifFromFrames, sideBySide } from './gif.ts';

const shape = [2, 2, 3] as const;
const clip = (level: number) => Uint8Array.from({ length: 2 * 2 * 3 * 3 }, (_, i) => level + i);

test('two clips stand beside each other, row by row, with a gap between', () => {
  const { frames, shape: both } = sideBySide(clip(0), clip(100), shape);
  expect(both).toEqual([2, 2, 8]);
  // The second row of the first frame: 9 values of the left clip, two grey pixels, 9 values of the right.
  expect([...frames.subarray(24, 48)]).toEqual([
    9, 10, 11, 12, 13, 14, 15, 16, 17, 128, 128, 128, 128, 128, 128, 109, 110, 111, 112, 113, 114, 115, 116, 117,
  ]);
});

test('a GIF says its size, four times that of the clip, and holds a picture a frame', () => {
  const bytes = gifFromFrames(clip(0), shape, 12.5);
  expect(new TextDecoder().decode(bytes.subarray(0, 6))).toBe('GIF89a');
  expect([bytes[6], bytes[8]]).toEqual([12, 8]);
  // The graphic control extension in front of every picture.
  const starts = bytes.filter((byte, i) => byte === 0x21 && bytes[i + 1] === 0xf9);
  expect(starts).toHaveLength(2);
});
