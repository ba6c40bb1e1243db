/**
 * The size that an image file states, read from its first bytes: PNG, GIF, JPEG and WebP. A picture that would
 * fill the memory is refused by this before anything is decoded.
 */

/** [width, height], or null where the format is another one or the header is cut short. */
export function statedSize(bytes: Uint8Array): [number, number] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (matches(bytes, 0, [0x89, 0x50, 0x4e, 0x47])) return [view.getUint32(16), view.getUint32(20)];
    if (matches(bytes, 0, [0x47, 0x49, 0x46, 0x38])) return [view.getUint16(6, true), view.getUint16(8, true)];
    if (matches(bytes, 0, [0xff, 0xd8])) return jpegSize(view);
    if (matches(bytes, 0, [0x52, 0x49, 0x46, 0x46]) && matches(bytes, 8, [0x57, 0x45, 0x42, 0x50])) {
      return webpSize(view, bytes);
    }
  } catch {
    // Reading past the end: the header is cut short.
  }
  return null;
}

function jpegSize(view: DataView): [number, number] | null {
  let offset = 2;
  while (offset < view.byteLength) {
    if (view.getUint8(offset) !== 0xff) return null;
    const marker = view.getUint8(offset + 1);
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

function matches(bytes: Uint8Array, offset: number, expected: number[]): boolean {
  return expected.every((value, index) => bytes[offset + index] === value);
}
