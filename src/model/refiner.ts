/**
 * Goes over a decoded clip at twice the resolution that it was decoded at.
 *
 * The decoder decides by cells of p x p pixels (p: the autoencoder's patch) what is kept, moved and painted: edges of what
 * has been uncovered come in steps, single cells disagree with their neighbours, and paint beside what was kept is of
 * another shade. All of that is seen in the draft, in the first frame and in the background. Where the moved pixel is
 * that of the moved background, it is none of a body. Where it is one, the first frame is moved once more, as the offsets
 * around have it if they are those of a rigid body: each pixel's own are not exact, so that what they move is rounded and
 * dented, and this is not. Source: the context and refinement networks of frame interpolation (Huang et al., RIFE, arXiv
 * 2011.06294), a U-Net on what was warped and merged; here of two levels, each frame by itself. It does not find what
 * moved where: motion.ts does.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { silu } from '../kernels/activation/kernel.ts';
import { rigid } from '../kernels/rigid/kernel.ts';
import { depthToSpace, spaceToDepth } from '../kernels/shuffle/kernel.ts';
import { warp } from '../kernels/warp/kernel.ts';
import { addToEveryFrame, convolutionLayer, linearLayer, normLayer, residualLayer } from './layers.ts';
import type { Weights } from './layers.ts';
import { shownChannels } from './parameters.ts';

/** What a decoder has put together: pixels of [B, T, H * W, C], and what they were made by. */
export interface Draft {
  /** The clip as it stands, 3 channels. */
  readonly video: Tensor;
  /** What the first frame shows where pixels come from, 3 channels. */
  readonly moved: Tensor;
  /** The share of the first frame's pixel that is kept, 1 channel. */
  readonly keep: Tensor;
  /** The share of `moved` in the rest, 1 channel. */
  readonly share: Tensor;
  /** From each pixel to its source in the first frame, [B, T, H, W, 2]: x, y in pixels. */
  readonly offsets: Tensor;
  /** That the decoder painted by, [B, T, H / p, W / p, C]. */
  readonly features: Tensor;
}

const name = 'autoencoder.decoder.refiner';
/** Difference of a colour, of 2, from the background's at which a pixel is a body's for certain. */
const certain = 0.2;

/**
 * The largest difference of a colour between pixels [B, T, H * W, 3]: [B, T, H * W, 1]. By colours, since tfjs's `max`
 * takes a workgroup for every three numbers.
 */
function unlike(pixels: Tensor, background: Tensor): Tensor {
  return tf.tidy(() => {
    const [red, green, blue] = tf.split(tf.abs(tf.sub(pixels, background)), 3, 3);
    return tf.maximum(tf.maximum(red, green), blue);
  });
}

/** The draft's offsets as those of rigid bodies, found by what is moved and is none of the background. */
function rigidOffsets({ offsets, moved, keep, share }: Draft, movedBackground: Tensor): Tensor {
  return tf.tidy(() => {
    const body = tf.minimum(tf.mul(unlike(moved, movedBackground), 1 / certain), 1);
    const weight = tf.mul(tf.mul(tf.sub(1, keep), share), body);
    return rigid(offsets, tf.reshape(weight, offsets.shape.slice(0, 4)));
  });
}

/**
 * The first frame as rigid bodies move it, `whole` [B, T, H * W, 3], and all that the U-Net sees, in squares of `side` x
 * `side` pixels, `shown` [B, T, H / side, W / side, shownChannels * side^2].
 */
function whatIsShown(side: number, draft: Draft, image: Tensor, background: Tensor) {
  const [batch, frames, height, width] = draft.offsets.shape;
  return tf.tidy(() => {
    const from = (source: Tensor, offsets: Tensor) => tf.reshape(warp(source, offsets), draft.moved.shape);
    const movedBackground = from(background, draft.offsets);
    const offsets = rigidOffsets(draft, movedBackground);
    const whole = from(image, offsets);
    const beside = unlike(whole, from(background, offsets));
    const together = tf.concat([draft.video, draft.moved, movedBackground, whole, beside, draft.keep, draft.share], 3);
    const pixels = tf.reshape(together, [batch, frames, height, width, shownChannels]);
    return { whole, shown: spaceToDepth(pixels, [1, side, side]) };
  });
}

/** The U-Net: gates and change [B, T, H * W, 6], of what is shown, of what is still and of the decoder's features. */
function gatesOf(side: number, weights: Weights, shown: Tensor, still: Tensor, features: Tensor): Tensor {
  return tf.tidy(() => {
    const fine = tf.tidy(() => residualLayer(weights, `${name}.block_0`,
      addToEveryFrame(convolutionLayer(weights, `${name}.input`, shown),
        convolutionLayer(weights, `${name}.still`, spaceToDepth(still, [1, side, side])))));
    const coarse = tf.tidy(() => residualLayer(weights, `${name}.block_1`,
      tf.add(convolutionLayer(weights, `${name}.down`, fine, [1, 2, 2]),
        linearLayer(weights, `${name}.features`, features))));
    let h = tf.tidy(() => residualLayer(weights, `${name}.block_2`,
      tf.add(fine, depthToSpace(linearLayer(weights, `${name}.up`, coarse), [1, 2, 2]))));
    h = convolutionLayer(weights, `${name}.output`, silu(normLayer(weights, `${name}.output_norm`, h)));
    const output = depthToSpace(h, [1, side, side]);
    const [batch, frames] = output.shape;
    return tf.reshape(output, [batch, frames, -1, 6]);
  });
}

/**
 * The refined clip, pixels [B, T, H * W, 3]: draft + a (background - draft) + b (moved - draft) + c (rigid - draft) + change.
 * @param patch of the autoencoder, in pixels, a multiple of 2
 * @param image the clip's first frame [B, H, W, 3]
 * @param background that without what moves (background.ts), [B, H, W, 3]
 */
export function refined(patch: number, weights: Weights, draft: Draft, image: Tensor, background: Tensor): Tensor {
  const side = patch / 2;
  const [batch, height, width] = image.shape;
  return tf.tidy(() => {
    const still = tf.reshape(tf.concat([image, background], 3), [batch, 1, height, width, 6]);
    const { whole, shown } = whatIsShown(side, draft, image, background);
    const gates = gatesOf(side, weights, shown, still, draft.features);
    const [change, ofBackground, ofMoved, ofWhole] = tf.split(gates, [3, 1, 1, 1], 3);
    const behind = tf.reshape(background, [batch, 1, height * width, 3]);
    const towards = (source: Tensor, gate: Tensor) =>
      tf.tidy(() => tf.mul(tf.sigmoid(gate), tf.sub(source, draft.video)));
    const steps = [towards(behind, ofBackground), towards(draft.moved, ofMoved), towards(whole, ofWhole)];
    return tf.addN([draft.video, ...steps, change]);
  });
}
