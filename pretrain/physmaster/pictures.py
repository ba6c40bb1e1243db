"""Contact sheets as PNG, to look at clips: a figure does not tell that a ball turned into a smear."""

import struct
import zlib

import numpy as np


def write_png(path, image):
    """image u8 [H, W, 3] -> an RGB PNG."""
    height, width, _ = image.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), image.reshape(height, -1)], 1)

    def chunk(kind, body):
        return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))

    with open(path, 'wb') as file:
        file.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)))
        file.write(chunk(b'IDAT', zlib.compress(rows.tobytes(), 6)) + chunk(b'IEND', b''))


def contact_sheet(rows, every=3, zoom=2):
    """rows: list of clips u8 [T, H, W, 3], one below the other, every third frame -> u8 image."""
    lines = [np.concatenate(list(clip[::every]), 1) for clip in rows]
    sheet = np.concatenate(lines, 0)
    return sheet.repeat(zoom, 0).repeat(zoom, 1)
