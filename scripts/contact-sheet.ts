// A contact sheet: a row a clip, a column a moment, every picture enlarged, with the moments above and the
// clips' labels (digits, and the letters a-f m n o r s t u) at the left. Returns a PNG file.

import { encode } from 'fast-png';

export interface SheetRow {
  label: string;
  /** RGB [T, height, width, 3]. */
  frames: Uint8Array;
}

export interface SheetOptions {
  height: number;
  width: number;
  framesPerSecond: number;
  /** Frames shown, by number. */
  columns: readonly number[];
  /** Enlargement of the pictures. */
  scale?: number;
}

// 3 x 5 dots a letter, a row an octal digit.
const glyphs: Record<string, string> = {
  '0': '75557', '1': '26227', '2': '71747', '3': '71717', '4': '55711', '5': '74717', '6': '74757',
  '7': '71122', '8': '75757', '9': '75717', '.': '00002', '-': '00700', a: '25755', b: '65656',
  c: '34443', d: '65556', e: '74647', f: '74644', m: '57755', n: '65555', o: '25552',
  r: '65655', s: '34216', t: '72222', u: '55557',
};
const background = 24;
const ink = 220;
const gap = 2;
const margin = { top: 18, left: 44 };
const dot = 2;

/** A few evenly spaced moments of a clip, the first and the last among them. */
export function evenColumns(frames: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.round((i * (frames - 1)) / Math.max(1, count - 1)));
}

function write(image: Uint8Array, imageWidth: number, text: string, left: number, top: number): void {
  [...text].forEach((letter, index) => {
    [...(glyphs[letter] ?? '00000')].forEach((row, y) => {
      for (let x = 0; x < 3; x++) {
        if ((Number(row) & (4 >> x)) === 0) continue;
        for (let sub = 0; sub < dot * dot; sub++) {
          const column = left + (index * 4 + x) * dot + (sub % dot);
          const line = top + y * dot + Math.floor(sub / dot);
          image.fill(ink, (line * imageWidth + column) * 3, (line * imageWidth + column) * 3 + 3);
        }
      }
    });
  });
}

/** Draws the sheet. Rows must all have every frame named in the columns; RangeError otherwise. */
export function contactSheet(rows: readonly SheetRow[], options: SheetOptions): Uint8Array {
  const { height, width, columns, framesPerSecond, scale = 2 } = options;
  const cellWidth = width * scale + gap;
  const cellHeight = height * scale + gap;
  const imageWidth = margin.left + columns.length * cellWidth;
  const imageHeight = margin.top + rows.length * cellHeight;
  const image = new Uint8Array(imageWidth * imageHeight * 3).fill(background);
  columns.forEach((frame, index) => {
    const label = `${(frame / framesPerSecond).toFixed(2)}s`;
    write(image, imageWidth, label, margin.left + index * cellWidth + 4, 4);
  });
  rows.forEach(({ label, frames }, row) => {
    write(image, imageWidth, label.slice(0, 5), 2, margin.top + row * cellHeight + cellHeight / 2 - 6);
    columns.forEach((frame, index) => {
      const start = frame * height * width * 3;
      if (start + height * width * 3 > frames.length) {
        throw new RangeError(`Clip ${label} has no frame ${frame}.`);
      }
      for (let y = 0; y < height * scale; y++) {
        for (let x = 0; x < width * scale; x++) {
          const from = start + (Math.floor(y / scale) * width + Math.floor(x / scale)) * 3;
          const line = margin.top + row * cellHeight + y;
          const to = (line * imageWidth + margin.left + index * cellWidth + x) * 3;
          image.set(frames.subarray(from, from + 3), to);
        }
      }
    });
  });
  return encode({ width: imageWidth, height: imageHeight, data: image, channels: 3, depth: 8 });
}
