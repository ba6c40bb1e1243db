import { expect, test } from 'vitest';
import { statedSize } from './image-size.ts';

const bytes = (...values: number[]) => new Uint8Array(values);
const text = (letters: string) => [...letters].map((letter) => letter.charCodeAt(0));

test('each format states its size', () => {
  const signature = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10];
  const png = bytes(...signature, 0, 0, 0, 13, ...text('IHDR'), 0, 0, 2, 128, 0, 0, 1, 224);
  expect(statedSize(png)).toEqual([640, 480]);
  expect(statedSize(bytes(...text('GIF89a'), 0x80, 0x02, 0xe0, 0x01))).toEqual([640, 480]);
  const jpeg = bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc2, 0, 17, 8, 1, 0xe0, 2, 0x80, 3);
  expect(statedSize(jpeg)).toEqual([640, 480]);
  const none = [0, 0, 0, 0];
  const webp = bytes(...text('RIFF'), ...none, ...text('WEBPVP8X'), 10, 0, 0, 0, ...none, 127, 2, 0, 223, 1, 0);
  expect(statedSize(webp)).toEqual([640, 480]);
});

test('a bitmap states its size in its old and its new header, rows from the top or the bottom', () => {
  const old = new Uint8Array(32);
  old.set([...text('BM')]);
  old.set([12, 0, 0, 0, 0x80, 2, 0xe0, 1], 14);
  expect(statedSize(old)).toEqual([640, 480]);
  const view = new DataView(old.buffer);
  view.setUint32(14, 40, true);
  view.setInt32(18, 640, true);
  view.setInt32(22, -480, true);
  expect(statedSize(old)).toEqual([640, 480]);
});

/** A box of an AVIF file; its length stands in 32 bits, in 64, or as "to the end". */
function box(name: string, content: number[], length: 'short' | 'long' | 'rest' = 'short'): number[] {
  const four = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
  const long = [...four(1), ...text(name), ...four(0), ...four(16 + content.length), ...content];
  if (length === 'long') return long;
  return [...four(length === 'rest' ? 0 : 8 + content.length), ...text(name), ...content];
}

test('an AVIF image states the sizes of its parts; the largest counts', () => {
  const none = [0, 0, 0, 0];
  const size = (width: number, height: number) =>
    box('ispe', [...none, 0, 0, width >> 8, width & 255, 0, 0, height >> 8, height & 255]);
  const file = (length: 'short' | 'long' | 'rest', ...sizes: number[][]) => bytes(
    ...box('ftyp', [...text('avif'), ...none, ...text('mif1')]),
    ...box('free', [1, 2, 3], 'long'),
    ...box('meta', [...none, ...box('hdlr', none), ...box('iprp', box('ipco', sizes.flat()))], length),
  );
  for (const length of ['short', 'long', 'rest'] as const) {
    expect(statedSize(file(length, size(320, 240), size(640, 480), size(64, 64)))).toEqual([640, 480]);
  }
  expect(statedSize(file('short'))).toBeNull();
  expect(statedSize(file('short', size(640, 480)).slice(0, 90))).toBeNull();
  // A box that is shorter than its own header would be read for ever.
  expect(statedSize(bytes(...box('ftyp', text('avif')), 0, 0, 0, 2, ...text('meta')))).toBeNull();
});

test('a JPEG may state its size behind much other matter, but not behind its pixels', () => {
  const frame = [0xff, 0xc0, 0, 17, 8, 1, 0xe0, 2, 0x80, 3];
  const segments = 12;
  const file = new Uint8Array(2 + segments * 0x10001 + frame.length);
  file.set([0xff, 0xd8]);
  for (let i = 0; i < segments; i++) file.set([0xff, 0xe2, 0xff, 0xff], 2 + i * 0x10001);
  file.set(frame, 2 + segments * 0x10001);
  expect(file.length).toBeGreaterThan(700_000);
  expect(statedSize(file)).toEqual([640, 480]);
  expect(statedSize(bytes(0xff, 0xd8, 0xff, 0xda, 0, 4, 0, 0, ...frame))).toBeNull();
});

test('what is no image, or cut short, states nothing', () => {
  expect(statedSize(bytes())).toBeNull();
  expect(statedSize(bytes(0x89, 0x50, 0x4e, 0x47, 13, 10))).toBeNull();
  expect(statedSize(bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0))).toBeNull();
  expect(statedSize(new TextEncoder().encode('this is a letter, not a picture'))).toBeNull();
});
