/**
 * Where every pixel of a clip comes from in its first frame: dense motion by matching, so that what moves keeps the
 * shape, the edges and the texture that the first frame shows.
 *
 * Latents stand for cells of pixels that a small body is not much larger than: they hold where it is, but neither its
 * corners nor its stripes. The first frame does. Sources: global matching, by which the offset of a place is the
 * expectation over all places of the other frame under a softmax of how alike they are (Xu et al., arXiv 2111.13680); the
 * confidence map of animation models (Siarohin et al., arXiv 2003.00196). It does not paint what the first frame does not
 * show: the decoder does.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { silu } from '../kernels/activation/kernel.ts';
import { attention } from '../kernels/attention/kernel.ts';
import { depthToSpace, spaceToDepth } from '../kernels/shuffle/kernel.ts';
import { convolutionLayer, linearLayer, normLayer, parameter, residualLayer } from './layers.ts';
import type { Weights } from './layers.ts';

/** What motionFromFeatures finds. */
export interface Motion {
  /** From each pixel to its source in the first frame, [B, T, H, W, 2]: x, y in pixels. */
  readonly offsets: Tensor;
  /** How far the source's colour is to be trusted, before the sigmoid, [B, T, H, W, 1]. */
  readonly trust: Tensor;
}

const name = 'autoencoder.decoder.motion';

/** Features [B, 2 K - 1, 4h, 4w, C] of the decoder's [B, K, 2h, 2w, C']. */
function features(weights: Weights, middle: Tensor): Tensor {
  return residualLayer(weights, `${name}.block`, depthToSpace(linearLayer(weights, `${name}.up`, middle), [2, 2, 2]));
}

/**
 * Motion of a whole clip.
 * @param patch of the autoencoder, in pixels
 * @param middle the decoder's finer features [B, 2 T' - 1, H / 2p, W / 2p, C']
 * @param image the clip's first frame [B, H, W, 3]
 */
export function motionFromFeatures(patch: number, weights: Weights, middle: Tensor, image: Tensor): Motion {
  return tf.tidy(() => {
    const [batch, height, width] = image.shape;
    const [rows, columns] = [height / patch, width / patch];
    // Places x, y in [-1, 1] of the cells' middles: a constant of the model, for a capture keeps no tensor that it has not
    // seen.
    const here = tf.reshape(parameter(weights, `${name}.cells`), [1, rows * columns, 2]);
    const all = features(weights, middle);
    const [, frames, , , channels] = all.shape;
    const tokens = (x: Tensor): Tensor => tf.reshape(x, [batch, -1, 1, x.shape[x.rank - 1]]);
    const position = tf.reshape(parameter(weights, `${name}.position`), [1, rows * columns, channels]);
    const placed = (x: Tensor): Tensor => tf.add(tf.reshape(x, [-1, rows * columns, channels]), position);
    const pixels = spaceToDepth(tf.reshape(image, [batch, 1, height, width, 3]), [1, patch, patch]);
    const seen = convolutionLayer(weights, `${name}.image`, pixels);
    const first = features(weights, tf.slice(middle, 0, [-1, 1, -1, -1, -1]));
    const near = normLayer(weights, `${name}.norm`, tf.add(first, seen));
    const there = tf.tile(here, [batch, 1, 1]);
    const what = tf.reshape(linearLayer(weights, `${name}.value`, near), [batch, rows * columns, channels - 2]);
    // What is alike and not far away matches.
    const query = placed(linearLayer(weights, `${name}.query`, normLayer(weights, `${name}.norm`, all)));
    const key = placed(linearLayer(weights, `${name}.key`, near));
    const matched = attention(tokens(query), tokens(key), tokens(tf.concat([there, what], 2)));
    const found = tf.reshape(matched, all.shape);
    let h = tf.add(all, linearLayer(weights, `${name}.matched`, found));
    h = convolutionLayer(weights, `${name}.output`, silu(normLayer(weights, `${name}.output_norm`, h)));
    const [beyond, trust] = tf.split(depthToSpace(h, [1, patch, patch]), [2, 1], 4);
    // The pixels of a cell move together, but for what is learned beyond that.
    const [source] = tf.split(tf.reshape(matched, [batch * frames, rows * columns, channels]), [2, channels - 2], 2);
    const away = tf.mul(tf.sub(source, here), [width / 2, height / 2]);
    const pixelsOfCell = tf.tile(tf.reshape(away, [-1, 2]), [1, patch * patch]);
    const together = depthToSpace(tf.reshape(pixelsOfCell, [batch, frames, rows, columns, -1]), [1, patch, patch]);
    return { offsets: tf.add(together, tf.mul(beyond, patch)), trust };
  });
}
