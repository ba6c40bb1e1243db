/**
 * The generator: velocity of flow matching for the latent frames after the first.
 *
 * noisy latent [B, T, H, W, C], image latent [B, H, W, C], physics tokens [B, P, width], domain, time
 * -> velocity [B, T, H, W, C]. Sequence: [T*H*W/patch^2 video tokens, P physics tokens, 1 domain token].
 * Sources: DiT (Peebles 2023), adaptive layer norm that starts at zero; one shared modulation with a table a
 * block (PixArt-alpha); query and key RMS norm; rotary positions over time, height and width.
 *
 * A pure function of weights and inputs: the adapter is an argument, sampling and losses live elsewhere.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor5D } from '@tensorflow/tfjs-core';
import { gelu, silu } from '../kernels/activation/kernel.ts';
import { attention } from '../kernels/attention/kernel.ts';
import { gatedAdd } from '../kernels/gated-add/kernel.ts';
import { modulation } from '../kernels/modulation/kernel.ts';
import { gatedLayerNorm } from '../kernels/normalization/gated.ts';
import { layerNorm } from '../kernels/normalization/kernel.ts';
import { rotaryQueryKey } from '../kernels/rotary/kernel.ts';
import { depthToSpace, spaceToDepth } from '../kernels/shuffle/kernel.ts';
import type { ModelConfig } from './config.ts';
import { latentShape } from './config.ts';
import { linearLayer, parameter } from './layers.ts';
import type { Weights } from './layers.ts';
import { adaptedLayer } from './lora.ts';
import type { Lora } from './lora.ts';
import { rotaryTables } from './rotary-positions.ts';

/** Rotary tables as tensors [L, D/2]; made once and shared by all calls. */
export interface RotaryTensors {
  readonly cos: Tensor2D;
  readonly sin: Tensor2D;
}

/** Everything that conditions a velocity, besides the weights. */
export interface VelocityInputs {
  /** z_t [B, T, H, W, C]. */
  readonly noisy: Tensor;
  /** Latent of the first frame [B, H, W, C]. */
  readonly imageLatent: Tensor;
  /** [B, P, width] of `physicsTokens`. */
  readonly physics: Tensor;
  /** Domain tokens [B, 1, width] of `domainTokens`. */
  readonly domain: Tensor;
  /** Sinusoid of the flow time [B, timeWidth] of `timeFeatures`. */
  readonly time: Tensor;
  readonly rotary: RotaryTensors;
  readonly lora?: Lora;
}

/** Uploads the rotary tables of a configuration. The caller keeps and disposes of them. */
export function rotaryTensors(config: ModelConfig): RotaryTensors {
  const { cos, sin, length, pairs } = rotaryTables(config);
  return { cos: tf.tensor2d(cos, [length, pairs]), sin: tf.tensor2d(sin, [length, pairs]) };
}

/**
 * Sinusoid of 1000 t for each flow time: [B, width] row-major, cosines first. Computed on the CPU in f64,
 * because a GPU's cosine of a large angle is allowed to be wrong.
 */
export function timeFeatures(times: readonly number[], width: number): Float32Array {
  const half = width / 2;
  const features = new Float32Array(times.length * width);
  for (let b = 0; b < times.length; b++) {
    for (let i = 0; i < half; i++) {
      const angle = 1000 * times[b] * 10000 ** (-i / half);
      features[b * width + i] = Math.cos(angle);
      features[b * width + half + i] = Math.sin(angle);
    }
  }
  return features;
}

/** Domain tokens [B, 1, width] of domain ids, int32 [B]. */
export function domainTokens(weights: Weights, ids: Tensor): Tensor {
  return tf.tidy(() => tf.expandDims(tf.gather(parameter(weights, 'transformer.domain'), ids), 1));
}

/** Video tokens [B, L, patch^2 * 2C] of the noisy latent and the image latent repeated over time. */
function patchTokens(config: ModelConfig, noisy: Tensor, imageLatent: Tensor): Tensor {
  const [batch, time, height, width, channels] = noisy.shape;
  const patch = config.transformer.patch;
  // tfjs repeats up to four axes on the GPU; the latent's own are folded into one.
  const frame = tf.reshape(imageLatent, [batch, 1, height * width * channels]);
  const first = tf.reshape(tf.tile(frame, [1, time, 1]), noisy.shape);
  const folded = spaceToDepth(tf.concat([noisy, first], 4), [1, patch, patch]);
  const tokens = time * (height / patch) * (width / patch);
  return tf.reshape(folded, [batch, tokens, patch * patch * 2 * channels]);
}

/** A sequence x [B, L, width], to which gate [B, width] times `added` like x is still to be added. */
export type Sequence = { readonly x: Tensor; readonly pending?: { readonly added: Tensor; readonly gate: Tensor } };

/** The sequence with nothing left to add. */
export function settled({ x, pending }: Sequence): Tensor {
  return pending === undefined ? x : gatedAdd(x, pending.added, pending.gate);
}

/** The settled sequence and its layer norm, in one pass. */
function normalised({ x, pending }: Sequence, scale: Tensor, shift: Tensor): [Tensor, Tensor] {
  return pending === undefined
    ? [x, layerNorm(x, scale, shift)]
    : gatedLayerNorm(x, pending.added, pending.gate, scale, shift);
}

/** What the modulation [B, 6 width] that all blocks share becomes in one of them: six tensors [B, width]. */
export function blockModulation(weights: Weights, index: number, shared: Tensor): Tensor[] {
  return modulation(shared, parameter(weights, `transformer.block_${index}.modulation`));
}

/** One block: a sequence under the block's modulation -> the next sequence. */
export function transformerBlock(
  config: ModelConfig, weights: Weights, index: number, sequence: Sequence, modulated: readonly Tensor[],
  inputs: Pick<VelocityInputs, 'rotary' | 'lora'>,
): Sequence {
  const { heads } = config.transformer;
  const { rotary, lora } = inputs;
  const block = `block_${index}`;
  const name = `transformer.${block}`;
  return tf.tidy(() => {
    const [shift1, scale1, gate1, shift2, scale2, gate2] = modulated;
    const [x, normal] = normalised(sequence, scale1, shift1);
    const qkv = adaptedLayer(weights, `${block}.qkv`, normal, lora);
    const [query, key, value] = rotaryQueryKey(qkv, parameter(weights, `${name}.query_scale`),
      parameter(weights, `${name}.key_scale`), rotary.cos, rotary.sin, heads);
    const mixed = tf.reshape(attention(query, key, value), x.shape);
    const output = adaptedLayer(weights, `${block}.output`, mixed, lora);
    const [attended, again] = normalised({ x, pending: { added: output, gate: gate1 } }, scale2, shift2);
    // The activation stays apart from the product, so that a zero adapter gives bit-equal results.
    const hidden = gelu(adaptedLayer(weights, `${block}.mlp_1`, again, lora));
    return { x: attended, pending: { added: adaptedLayer(weights, `${block}.mlp_2`, hidden, lora), gate: gate2 } };
  });
}

/**
 * What stands before the blocks: the sequence [B, L, width], and of the flow time every block's modulation and the last
 * one, shift and scale [B, width]. An adapter changes none of it.
 */
export type Embedding = {
  readonly sequence: Tensor; readonly modulations: Tensor[][]; readonly finalModulation: Tensor[];
};

/** Embeds what conditions a velocity; shapes as in `VelocityInputs`. */
export function embed(
  config: ModelConfig, weights: Weights, inputs: Omit<VelocityInputs, 'rotary' | 'lora'>,
): Embedding {
  const { width, blocks } = config.transformer;
  return tf.tidy(() => {
    const video = linearLayer(weights, 'transformer.patch', patchTokens(config, inputs.noisy, inputs.imageLatent));
    const physicsType = tf.reshape(parameter(weights, 'transformer.physics_type'), [1, 1, width]);
    const sequence = tf.concat([video, tf.add(inputs.physics, physicsType), inputs.domain], 1);
    const timeHidden = silu(linearLayer(weights, 'transformer.time_1', inputs.time));
    const c = silu(linearLayer(weights, 'transformer.time_2', timeHidden));
    const shared = linearLayer(weights, 'transformer.modulation', c);
    return {
      sequence, modulations: Array.from({ length: blocks }, (_, i) => blockModulation(weights, i, shared)),
      finalModulation: tf.split(linearLayer(weights, 'transformer.final_modulation', c), 2, 1),
    };
  });
}

/** Velocity [B, T, H, W, C] of what has been embedded. */
export function embeddedVelocity(
  config: ModelConfig, weights: Weights, embedding: Embedding, inputs: Pick<VelocityInputs, 'rotary' | 'lora'>,
): Tensor5D {
  const { width, patch, blocks } = config.transformer;
  const { generated, height, width: across, channels } = latentShape(config);
  return tf.tidy(() => {
    let sequence: Sequence = { x: embedding.sequence };
    for (let i = 0; i < blocks; i++) {
      sequence = transformerBlock(config, weights, i, sequence, embedding.modulations[i], inputs);
    }
    const x = settled(sequence);
    const batch = x.shape[0];
    const [shift, scale] = embedding.finalModulation;
    const [rows, columns] = [height / patch, across / patch];
    const tokens = tf.slice(x, [0, 0, 0], [batch, generated * rows * columns, width]);
    const folded = linearLayer(weights, 'transformer.final', layerNorm(tokens, scale, shift));
    const grid = tf.reshape(folded, [batch, generated, rows, columns, patch * patch * channels]);
    return depthToSpace(grid, [1, patch, patch]) as Tensor5D;
  });
}

/** Velocity [B, T, H, W, C] at the noisy latent; shapes as in `VelocityInputs`. */
export function velocity(config: ModelConfig, weights: Weights, inputs: VelocityInputs): Tensor5D {
  return tf.tidy(() => embeddedVelocity(config, weights, embed(config, weights, inputs), inputs));
}
