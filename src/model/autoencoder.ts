/**
 * The video autoencoder: causal 3D convolutions, 4x in time and 4p x in space, where p x p pixels are the patch that its
 * first layer reads, and its last one paints, as one position.
 *
 * latentFromVideo: video [B, T, H, W, 3] in [-1, 1] -> normalised latents [B, T', H/4p, W/4p, C], T' = (T+3)/4.
 * An image is a video of one frame, and its latent equals the first latent of any clip that starts with it.
 * videoFromLatent: latents and the clip's first frame [B, H, W, 3] -> video. In image-to-video that frame is
 * always known, so the decoder may keep its pixels where nothing changes: each output pixel is
 * keep * image + (1 - keep) * new, where new is painted, or taken from where it was in the first frame (motion.ts); it
 * may be gone over afterwards (refiner.ts). The latents need to carry motion only.
 *
 * It does not sample the posterior and has no training loss: the autoencoder is frozen in the browser.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import { silu } from '../kernels/activation/kernel.ts';
import { depthToSpace, spaceToDepth } from '../kernels/shuffle/kernel.ts';
import { warp } from '../kernels/warp/kernel.ts';
import type { ModelConfig } from './config.ts';
import { backgroundOf } from './background.ts';
import {
  addToEveryFrame, convolutionLayer, linearLayer, mixed, normLayer, parameter, residualLayer,
} from './layers.ts';
import type { Weights } from './layers.ts';
import { motionFromFeatures } from './motion.ts';
import { refined } from './refiner.ts';

/** Normalised latents [B, T', H/4p, W/4p, C] of a video [B, T, H, W, 3] in [-1, 1]. */
export function latentFromVideo(config: ModelConfig, weights: Weights, video: Tensor): Tensor5D {
  const name = 'autoencoder.encoder';
  const { patch } = config.autoencoder;
  return tf.tidy(() => {
    let h = convolutionLayer(weights, `${name}.input`, spaceToDepth(video, [1, patch, patch]));
    h = residualLayer(weights, `${name}.block_0`, h);
    h = convolutionLayer(weights, `${name}.down_0`, h, [2, 2, 2]);
    h = residualLayer(weights, `${name}.block_1`, h);
    h = convolutionLayer(weights, `${name}.down_1`, h, [2, 2, 2]);
    h = residualLayer(weights, `${name}.block_2`, h);
    h = silu(normLayer(weights, `${name}.output_norm`, h));
    const mean = convolutionLayer(weights, `${name}.output`, h);
    // tfjs broadcasts up to four axes on the GPU, so latents are scaled as rows of channels.
    const rows = tf.reshape(mean, [-1, mean.shape[4] ?? 1]);
    const centred = tf.sub(rows, parameter(weights, 'autoencoder.latent_mean'));
    const normalised: Tensor = tf.div(centred, parameter(weights, 'autoencoder.latent_std'));
    const latent: Tensor = tf.reshape(normalised, mean.shape);
    return latent as Tensor5D;
  });
}

/** Normalised latent [B, H/4p, W/4p, C] of an image [B, H, W, 3] in [-1, 1]. */
export function latentFromImage(config: ModelConfig, weights: Weights, image: Tensor): Tensor4D {
  const [batch, height, width, channels] = image.shape;
  return tf.tidy(() => {
    const latent = latentFromVideo(config, weights, tf.reshape(image, [batch, 1, height, width, channels]));
    return tf.squeeze(latent, [1]) as Tensor4D;
  });
}

/**
 * What the decoder paints [B, T, H * W, 3], the share of the first frame that it keeps [B, T, H * W, 1], and the features
 * that both are made of: the finest, and the finer ones before, of which motion is.
 */
function paintedFrom(patch: number, weights: Weights, latent: Tensor, image: Tensor) {
  const name = 'autoencoder.decoder';
  const [batch, height, width] = image.shape;
  return tf.tidy(() => {
    const rows = tf.reshape(latent, [-1, latent.shape[4] ?? 1]);
    const scaled = tf.mul(rows, parameter(weights, 'autoencoder.latent_std'));
    let h: Tensor = tf.reshape(tf.add(scaled, parameter(weights, 'autoencoder.latent_mean')), latent.shape);
    h = residualLayer(weights, `${name}.block_0`, convolutionLayer(weights, `${name}.input`, h));
    h = depthToSpace(linearLayer(weights, `${name}.up_0`, h), [2, 2, 2]);
    const middle = residualLayer(weights, `${name}.block_1`, h);
    h = depthToSpace(linearLayer(weights, `${name}.up_1`, middle), [2, 2, 2]);
    const folded = spaceToDepth(tf.reshape(image, [batch, 1, height, width, 3]), [1, patch, patch]);
    h = addToEveryFrame(h, convolutionLayer(weights, `${name}.image`, folded));
    h = residualLayer(weights, `${name}.block_2`, h);
    const features = silu(normLayer(weights, `${name}.output_norm`, h));
    h = depthToSpace(convolutionLayer(weights, `${name}.output`, features), [1, patch, patch]);
    const [paint, kept] = tf.split(tf.reshape(h, [batch, h.shape[1] ?? 1, height * width, 4]), [3, 1], 3);
    return { paint, keep: tf.sigmoid(kept), features, middle };
  });
}

/** What an image [B, H, W, 3] looks like without what moves in it; null where the model does not know. */
export function knownBackground({ autoencoder }: ModelConfig, weights: Weights, image: Tensor): Tensor | null {
  return autoencoder.refiner === null ? null : backgroundOf(autoencoder.patch / 2, weights, image);
}

/**
 * Video [B, T, H, W, 3] in [-1, 1] of latents [B, T', H/4p, W/4p, C], the first frame [B, H, W, 3] and its background, which
 * serves every clip of one image: made here where it is not known yet.
 */
export function videoFromLatent(
  config: ModelConfig, weights: Weights, latent: Tensor, image: Tensor, known: Tensor | null = null,
): Tensor5D {
  const { patch, motionWidth } = config.autoencoder;
  const [batch, height, width] = image.shape;
  return tf.tidy(() => {
    const { paint, keep, features, middle } = paintedFrom(patch, weights, latent, image);
    const still = tf.reshape(image, [batch, 1, height * width, 3]);
    const background = known ?? knownBackground(config, weights, image);
    let video = paint;
    if (motionWidth === 0) {
      video = mixed(paint, still, keep);
    } else {
      const { offsets, trust } = motionFromFeatures(patch, weights, middle, image);
      const moved = tf.reshape(warp(image, offsets), paint.shape);
      const share = tf.sigmoid(tf.reshape(trust, keep.shape));
      video = mixed(mixed(paint, moved, share), still, keep);
      if (background !== null) {
        video = refined(patch, weights, { video, moved, keep, share, offsets, features }, image, background);
      }
    }
    const frames = paint.shape[1] ?? 1;
    return tf.reshape(tf.clipByValue(video, -1, 1), [batch, frames, height, width, 3]) as Tensor5D;
  });
}

/** Network values [..] in [-1, 1] of 8-bit pixels: u8 / 127.5 - 1. */
export function networkFromPixels(pixels: Uint8Array): Float32Array {
  const values = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) values[i] = pixels[i] / 127.5 - 1;
  return values;
}

/** 8-bit pixels of network values in [-1, 1], rounded to nearest. */
export function pixelsFromNetwork(values: Float32Array): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    pixels[i] = Math.min(255, Math.max(0, Math.round((values[i] + 1) * 127.5)));
  }
  return pixels;
}
