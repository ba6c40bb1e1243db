// Space-to-depth and depth-to-space with causal time, by plain loops on flat arrays.
//
// The two are adjoint: each is the other's gradient. Channel order of the folded axis is (ft, fh, fw, c).

/** [B, T, H, W, C]. */
export type VideoShape = readonly [number, number, number, number, number];
/** Block lengths in time, height and width. */
export type Factor = readonly [number, number, number];

/** Shape of spaceToDepth(x). Throws when height, width, or time + fT - 1 are not multiples of the factor. */
export function foldedShape(shape: VideoShape, [fT, fH, fW]: Factor): VideoShape {
  const [B, T, H, W, C] = shape;
  if ((T + fT - 1) % fT !== 0 || H % fH !== 0 || W % fW !== 0) {
    throw new Error(`A video of shape [${shape}] cannot be folded by [${fT}, ${fH}, ${fW}].`);
  }
  return [B, (T + fT - 1) / fT, H / fH, W / fW, fT * fH * fW * C];
}

/** Shape of depthToSpace(x). Throws when the channels are not a multiple of the block size. */
export function unfoldedShape(shape: VideoShape, [fT, fH, fW]: Factor): VideoShape {
  const [B, T, H, W, C] = shape;
  if (C % (fT * fH * fW) !== 0) {
    throw new Error(`A video of shape [${shape}] cannot be unfolded by [${fT}, ${fH}, ${fW}].`);
  }
  return [B, fT * T - (fT - 1), fH * H, fW * W, C / (fT * fH * fW)];
}

// Calls back with (index in the unfolded array, index in the folded one) for every unfolded element.
function forEachPair(
  unfolded: VideoShape,
  factor: Factor,
  visit: (space: number, depth: number) => void,
): void {
  const [B, T, H, W, C] = unfolded;
  const [fT, fH, fW] = factor;
  const [, blocksT, blocksH, blocksW, depth] = foldedShape(unfolded, factor);
  let space = 0;
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      const padded = t + fT - 1;
      for (let h = 0; h < H; h++) {
        for (let w = 0; w < W; w++) {
          const row = (b * blocksT + Math.floor(padded / fT)) * blocksH + Math.floor(h / fH);
          const block = row * blocksW + Math.floor(w / fW);
          const channel = (((padded % fT) * fH + (h % fH)) * fW + (w % fW)) * C;
          for (let c = 0; c < C; c++) {
            visit(space++, block * depth + channel + c);
          }
        }
      }
    }
  }
}

/** x [B, T, H, W, C] -> [B, (T + fT - 1) / fT, H / fH, W / fW, fT fH fW C]; missing first frames are zero. */
export function spaceToDepth(x: ArrayLike<number>, shape: VideoShape, factor: Factor): Float64Array {
  const y = new Float64Array(foldedShape(shape, factor).reduce((product, length) => product * length, 1));
  forEachPair(shape, factor, (space, depth) => (y[depth] = x[space]));
  return y;
}

/** x [B, T, H, W, fT fH fW C] -> [B, fT T - (fT - 1), fH H, fW W, C]; the first fT - 1 frames are dropped. */
export function depthToSpace(x: ArrayLike<number>, shape: VideoShape, factor: Factor): Float64Array {
  const target = unfoldedShape(shape, factor);
  const y = new Float64Array(target.reduce((product, length) => product * length, 1));
  forEachPair(target, factor, (space, depth) => (y[space] = x[depth]));
  return y;
}
