// What is refused before anything is decoded.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { imageFromFile, ImageRefused } from './own-image.ts';

const decode = vi.fn();
beforeEach(() => {
  decode.mockReset().mockRejectedValue(new Error('broken'));
  vi.stubGlobal('createImageBitmap', decode);
});
afterEach(() => vi.unstubAllGlobals());

async function refusal(file: File): Promise<string> {
  const error: unknown = await imageFromFile(file, 64).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ImageRefused);
  return (error as ImageRefused).message;
}

function png(width: number, height: number): File {
  const header = new DataView(new ArrayBuffer(32));
  [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10].forEach((byte, i) => header.setUint8(i, byte));
  header.setUint32(16, width);
  header.setUint32(20, height);
  return new File([header.buffer], 'picture.png', { type: 'image/png' });
}

test('a file that states no size, or too large a one, is never decoded', async () => {
  const icon = new File([Uint8Array.of(0, 0, 1, 0, 1, 0, 0, 0)], 'a.ico', { type: 'image/x-icon' });
  expect(await refusal(icon)).toMatch(/a\.ico is not an image that can be read here\. PNG, JPEG/);
  expect(await refusal(png(30_000, 30_000))).toMatch(/30000 by 30000 pixels/);
  expect(await refusal(new File([], 'empty.png'))).toMatch(/is empty/);
  expect(await refusal(new File(['x'], 'letter.txt', { type: 'text/plain' }))).toMatch(/is not an image\./);
  expect(decode).not.toHaveBeenCalled();
});

test('a file that states a size and cannot be decoded is refused all the same', async () => {
  expect(await refusal(png(640, 480))).toMatch(/picture\.png is not an image that can be read here/);
  expect(decode).toHaveBeenCalledTimes(1);
});
