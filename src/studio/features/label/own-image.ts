/**
 * The visitor's own image: checked, decoded in the page, cropped to its centre square and brought to the size
 * that the model sees. Transparent parts become white. Nothing is uploaded anywhere.
 */
import type { Image } from '../../../protocol/records.ts';
import { statedSize } from './image-size.ts';

/** An image that is not taken. `message` is a sentence for the visitor. */
export class ImageRefused extends Error {
  override name = 'ImageRefused';
}

const mostBytes = 32 * 1024 * 1024;
const mostPixels = 64_000_000;
const leastSide = 16;

/** Image u8 [size,size,3] of a file in PNG, JPEG, WebP, GIF, BMP or AVIF. Throws ImageRefused. */
export async function imageFromFile(file: File, size: number): Promise<Image> {
  const name = file.name || 'The pasted image';
  if (file.size === 0) throw new ImageRefused(`${name} is empty.`);
  if (file.size > mostBytes) {
    throw new ImageRefused(`${name} has ${megabytes(file.size)} MB; the most this page takes is 32 MB.`);
  }
  if (file.type !== '' && !file.type.startsWith('image/')) throw new ImageRefused(`${name} is not an image.`);
  // The whole file: a JPEG may state its size behind megabytes of other matter.
  const stated = statedSize(new Uint8Array(await file.arrayBuffer()));
  // What states no size is not decoded: nobody knows how much memory it would take.
  if (stated === null) throw new ImageRefused(unreadable(name));
  if (stated[0] * stated[1] > mostPixels) {
    const pixels = `${stated[0]} by ${stated[1]} pixels`;
    throw new ImageRefused(`${name} has ${pixels}, which is too large to open here.`);
  }
  const bitmap = await decode(file, name);
  try {
    return squareOf(bitmap, size, name);
  } finally {
    bitmap.close();
  }
}

async function decode(file: File, name: string): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch {
    throw new ImageRefused(unreadable(name));
  }
}

function unreadable(name: string): string {
  return `${name} is not an image that can be read here. PNG, JPEG, WebP, GIF, BMP and AVIF can.`;
}

function squareOf(bitmap: ImageBitmap, size: number, name: string): Image {
  const side = Math.min(bitmap.width, bitmap.height);
  if (side < leastSide) {
    throw new ImageRefused(`${name} has ${bitmap.width} by ${bitmap.height} pixels; it needs 16 each way.`);
  }
  const context = new OffscreenCanvas(size, size).getContext('2d', { willReadFrequently: true });
  if (!context) throw new ImageRefused('This browser gives no canvas to read the image with.');
  context.fillStyle = 'white';
  context.fillRect(0, 0, size, size);
  context.imageSmoothingQuality = 'high';
  const left = (bitmap.width - side) / 2;
  const top = (bitmap.height - side) / 2;
  context.drawImage(bitmap, left, top, side, side, 0, 0, size, size);
  const { data } = context.getImageData(0, 0, size, size);
  const pixels = new Uint8Array(size * size * 3);
  for (let pixel = 0; pixel < size * size; pixel++) {
    pixels.set(data.subarray(4 * pixel, 4 * pixel + 3), 3 * pixel);
  }
  return { pixels, shape: [size, size] };
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}
