// Tidies the labels of one picture: neighbours decide about single pixels, and of the pieces that one label has
// fallen into those stay that can be the object.

/** Pieces smaller than this fraction of the largest piece are dropped. */
const pieceFraction = 0.25;

/** Labels [H, W] of one picture, changed in place. */
export interface LabelledPicture {
  readonly masks: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/**
 * Lets neighbours decide: a pixel that most of its neighbours' object surrounds joins it. Highlights of one
 * object can have the hue of another, and a highlight can be as grey as the room; shapes have no holes.
 */
export function settleByNeighbours({ masks, height, width }: LabelledPicture, labels: readonly number[]): void {
  const before = masks.slice();
  for (let row = 1; row < height - 1; row++) {
    for (let column = 1; column < width - 1; column++) {
      const pixel = row * width + column;
      const own = before[pixel];
      let ownCount = 0;
      let strongest = 0;
      let strength = 0;
      for (const label of labels) {
        let count = 0;
        for (let r = -width; r <= width; r += width) {
          for (let c = -1; c <= 1; c++) if ((r !== 0 || c !== 0) && before[pixel + r + c] === label) count++;
        }
        if (label === own) ownCount = count;
        else if (count > strength) {
          strength = count;
          strongest = label;
        }
      }
      if (own === 0 ? strength >= 6 : strength >= 3 && strength > ownCount) masks[pixel] = strongest;
    }
  }
}

/** Connected pixels of one label: how many, and their centre. */
interface Piece {
  size: number;
  column: number;
  row: number;
}

/** Pieces of one label (8-neighbours), and of every pixel the piece that it belongs to, from 1; 0 is none. */
function piecesOf({ masks, height, width }: LabelledPicture, label: number): { pieces: Piece[]; of: Int32Array } {
  const of = new Int32Array(height * width);
  const pieces: Piece[] = [];
  const stack: number[] = [];
  for (let seed = 0; seed < of.length; seed++) {
    if (masks[seed] !== label || of[seed] !== 0) continue;
    const piece = { size: 0, column: 0, row: 0 };
    pieces.push(piece);
    stack.push(seed);
    of[seed] = pieces.length;
    while (stack.length > 0) {
      const pixel = stack.pop() ?? 0;
      const column = pixel % width;
      const row = (pixel - column) / width;
      piece.size++;
      piece.column += column;
      piece.row += row;
      for (let r = Math.max(0, row - 1); r <= Math.min(height - 1, row + 1); r++) {
        for (let c = Math.max(0, column - 1); c <= Math.min(width - 1, column + 1); c++) {
          const other = r * width + c;
          if (masks[other] !== label || of[other] !== 0) continue;
          of[other] = pieces.length;
          stack.push(other);
        }
      }
    }
    piece.column /= piece.size;
    piece.row /= piece.size;
  }
  return { pieces, of };
}

/** What is known of an object before a picture is looked at; all in pixels. */
export interface Expected {
  /** Where it was last seen. */
  readonly column: number;
  readonly row: number;
  /** Pieces whose centres lie within this of the nearest large one's are the same object. */
  readonly reach: number;
  /** With fewer pixels than this it is not there. */
  readonly leastArea: number;
}

/**
 * Keeps, of one label, the piece nearest to where the object was and those that can be parts of it; too little is
 * nothing. A mirror image, or a second copy that a model has invented, is not a part.
 * @returns where it is now, null when it is not there
 */
export function keepExpectedPieces(
  picture: LabelledPicture, label: number, expected: Expected,
): Pick<Expected, 'column' | 'row'> | null {
  const { pieces, of } = piecesOf(picture, label);
  const largest = Math.max(0, ...pieces.map(({ size }) => size));
  const large = pieces.filter(({ size }) => size >= pieceFraction * largest);
  const distance = (piece: Piece, to: Pick<Expected, 'column' | 'row'>) =>
    Math.hypot(piece.column - to.column, piece.row - to.row);
  const nearest = large.toSorted((a, b) => distance(a, expected) - distance(b, expected)).at(0);
  const kept = new Set(nearest ? large.filter((piece) => distance(piece, nearest) <= expected.reach) : []);
  const total = [...kept].reduce((sum, { size }) => sum + size, 0);
  const there = total >= expected.leastArea && total > 0;
  for (let pixel = 0; pixel < of.length; pixel++) {
    if (of[pixel] !== 0 && !(there && kept.has(pieces[of[pixel] - 1]))) picture.masks[pixel] = 0;
  }
  if (!there) return null;
  const mean = (key: 'column' | 'row') => [...kept].reduce((sum, piece) => sum + piece.size * piece[key], 0) / total;
  return { column: mean('column'), row: mean('row') };
}
