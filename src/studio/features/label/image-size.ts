/**
 * The size that an image file states: PNG, JPEG, WebP, GIF, BMP and AVIF. A picture that would fill the
 * memory is refused by this before anything is decoded. AVIF's boxes: ISO/IEC 23008-12.
 */

/** [width, height], or null where the format is another one or the file ends too early. */
export function statedSize(bytes: Uint8Array): [number, number] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (matches(bytes, 0, [0x89, 0x50, 0x4e, 0x47])) return [view.getUint32(16), view.getUint32(20)];
    if (matches(bytes, 0, [0x47, 0x49, 0x46, 0x38])) {
      return [view.getUint16(6, true), view.getUint16(8, true)];
    }
    if (matches(bytes, 0, [0xff, 0xd8])) return jpegSize(view);
    if (matches(bytes, 0, [0x52, 0x49, 0x46, 0x46]) && matches(bytes, 8, [0x57, 0x45, 0x42, 0x50])) {
      return webpSize(view, bytes);
    }
    if (matches(bytes, 0, [0x42, 0x4d])) return bitmapSize(view);
    if (boxName(view, 0) === 'ftyp' && textAt(view, 8) === 'avif') return avifSize(view, 0, view.byteLength);
  } catch {
    // Reading past the end: the file is cut short.
  }
  return null;
}

function jpegSize(view: DataView): [number, number] | null {
  let offset = 2;
  while (offset < view.byteLength) {
    if (view.getUint8(offset) !== 0xff) return null;
    const marker = view.getUint8(offset + 1);
    // Start of scan: what follows are pixels.
    if (marker === 0xda) return null;
    // Start of frame, in any coding; c4, c8 and cc are tables.
    const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (frame) return [view.getUint16(offset + 7), view.getUint16(offset + 5)];
    const bare = marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    offset += marker === 0xff ? 1 : bare ? 2 : 2 + view.getUint16(offset + 2);
  }
  return null;
}

function webpSize(view: DataView, bytes: Uint8Array): [number, number] | null {
  const kind = String.fromCharCode(...bytes.subarray(12, 16));
  if (kind === 'VP8X') {
    const three = (offset: number) => view.getUint16(offset, true) + (view.getUint8(offset + 2) << 16);
    return [three(24) + 1, three(27) + 1];
  }
  if (kind === 'VP8L') {
    const packed = view.getUint32(21, true);
    return [(packed & 0x3fff) + 1, ((packed >>> 14) & 0x3fff) + 1];
  }
  if (kind === 'VP8 ') return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
  return null;
}

function bitmapSize(view: DataView): [number, number] {
  // The oldest header counts in 16 bits; in the others, rows from the top have a negative height.
  if (view.getUint32(14, true) === 12) return [view.getUint16(18, true), view.getUint16(20, true)];
  return [Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true))];
}

/** The largest size that an image's properties state in a range of boxes: of grid, tiles, thumbnails. */
function avifSize(view: DataView, start: number, end: number): [number, number] | null {
  let largest: [number, number] | null = null;
  let next = start;
  for (let offset = start; offset + 8 <= end; offset = next) {
    const size = view.getUint32(offset);
    // 0: to the end of the file; 1: a length of 64 bits follows.
    const length = size === 0 ? end - offset : size === 1 ? Number(view.getBigUint64(offset + 8)) : size;
    if (length < 8) return null;
    next = offset + length;
    const header = size === 1 ? 16 : 8;
    const name = boxName(view, offset);
    const found = name === 'ispe'
      ? [view.getUint32(offset + header + 4), view.getUint32(offset + header + 8)] as [number, number]
      : name in containers ? avifSize(view, offset + header + containers[name], Math.min(next, end)) : null;
    if (found && (!largest || found[0] * found[1] > largest[0] * largest[1])) largest = found;
  }
  return largest;
}

/** Boxes around the sizes, with the bytes of version and flags before their own boxes. */
const containers: Record<string, number> = { meta: 4, iprp: 0, ipco: 0 };

function boxName(view: DataView, offset: number): string {
  return textAt(view, offset + 4);
}

function textAt(view: DataView, offset: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(offset + i)));
}

function matches(bytes: Uint8Array, offset: number, expected: number[]): boolean {
  return expected.every((value, index) => bytes[offset + index] === value);
}
