import { expect, test } from 'vitest';
import { statedSize } from './image-size.ts';

const bytes = (...values: number[]) => new Uint8Array(values);
const text = (letters: string) => [...letters].map((letter) => letter.charCodeAt(0));

test('each format states its size', () => {
  const png = bytes(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, ...text('IHDR'), 0, 0, 2, 128, 0, 0, 1, 224);
  expect(statedSize(png)).toEqual([640, 480]);
  expect(statedSize(bytes(...text('GIF89a'), 0x80, 0x02, 0xe0, 0x01))).toEqual([640, 480]);
  const jpeg = bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc2, 0, 17, 8, 1, 0xe0, 2, 0x80, 3);
  expect(statedSize(jpeg)).toEqual([640, 480]);
  const webp = bytes(...text('RIFF'), 0, 0, 0, 0, ...text('WEBPVP8X'), 10, 0, 0, 0, 0, 0, 0, 0, 127, 2, 0, 223, 1, 0);
  expect(statedSize(webp)).toEqual([640, 480]);
});

test('what is no image, or cut short, states nothing', () => {
  expect(statedSize(bytes())).toBeNull();
  expect(statedSize(bytes(0x89, 0x50, 0x4e, 0x47, 13, 10))).toBeNull();
  expect(statedSize(bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0))).toBeNull();
  expect(statedSize(new TextEncoder().encode('this is a letter, not a picture'))).toBeNull();
});
