/**
 * The PhysEncoder: a small ViT backbone (frozen in the browser) and the physical head that adapts its
 * features to the generator's width.
 *
 * backboneFeatures: image [B, H, W, 3] in [-1, 1] -> the outputs of all blocks, each [B, L, C].
 * physicsTokens: those features -> [B, L, generator width]; convolutional, fusing levels from deep to
 * shallow. Sources: ViT (Dosovitskiy 2020), pre-norm; DPT's reassembly and fusion (Ranftl 2021) at one
 * resolution; the head is what stage three trains. There is no class token and no rotary position here.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { gelu } from '../kernels/activation/kernel.ts';
import { attention } from '../kernels/attention/kernel.ts';
import { spaceToDepth } from '../kernels/shuffle/kernel.ts';
import type { ModelConfig } from './config.ts';
import { convolutionLayer, linearLayer, normLayer, parameter } from './layers.ts';
import type { Weights } from './layers.ts';

function attentionLayer(weights: Weights, name: string, x: Tensor, heads: number): Tensor {
  const [batch, length, width] = x.shape;
  const qkv = linearLayer(weights, `${name}.qkv`, x);
  const [query, key, value] = tf.split(qkv, 3, 2).map(
    (part) => tf.reshape(part, [batch, length, heads, width / heads]));
  const mixed = tf.reshape(attention(query, key, value), [batch, length, width]);
  return linearLayer(weights, `${name}.output`, mixed);
}

/** Features of every backbone block, each [B, L, C], L = patches row-major; image [B, H, W, 3] in [-1, 1]. */
export function backboneFeatures(config: ModelConfig, weights: Weights, image: Tensor): Tensor3D[] {
  const { patch, width, heads, blocks } = config.backbone;
  const [batch, height, across, channels] = image.shape;
  return tf.tidy(() => {
    const pixels = spaceToDepth(tf.reshape(image, [batch, 1, height, across, channels]), [1, patch, patch]);
    const tokens = (height / patch) * (across / patch);
    const patches = tf.reshape(pixels, [batch, tokens, patch * patch * channels]);
    let x: Tensor = tf.add(linearLayer(weights, 'backbone.patch', patches),
      tf.reshape(parameter(weights, 'backbone.position'), [1, tokens, width]));
    const features: Tensor3D[] = [];
    for (let i = 0; i < blocks; i++) {
      const name = `backbone.block_${i}`;
      x = tf.add(x, attentionLayer(weights, name, normLayer(weights, `${name}.norm_1`, x), heads));
      const h = linearLayer(weights, `${name}.mlp_1`, normLayer(weights, `${name}.norm_2`, x), 'gelu');
      x = tf.add(x, linearLayer(weights, `${name}.mlp_2`, h));
      features.push(x as Tensor3D);
    }
    return features;
  });
}

/** Physics tokens [B, L, generator width] of the backbone's features (one [B, L, C] a block). */
export function physicsTokens(config: ModelConfig, weights: Weights, features: readonly Tensor[]): Tensor3D {
  const rows = config.video.height / config.backbone.patch;
  const columns = config.video.width / config.backbone.patch;
  const width = config.head.width;
  return tf.tidy(() => {
    const batch = features[0].shape[0];
    let r: Tensor | undefined;
    for (let i = features.length - 1; i >= 0; i--) {
      const normalised = normLayer(weights, `head.level_${i}.norm`, features[i]);
      const level = tf.reshape(linearLayer(weights, `head.level_${i}.project`, normalised),
        [batch, 1, rows, columns, width]);
      r = r === undefined ? level : tf.add(r, level);
      r = tf.add(r, convolutionLayer(weights, `head.fuse_${i}`, gelu(r)));
    }
    if (r === undefined) throw new RangeError('The physical head needs the features of at least one block.');
    const tokens = tf.reshape(r, [batch, rows * columns, width]);
    return linearLayer(weights, 'head.output', normLayer(weights, 'head.output_norm', tokens)) as Tensor3D;
  });
}
