/**
 * The folder of a tiny model with random weights at the world's picture size, for tests of the session.
 */
import { halvesFromFloats } from '../model/half.ts';
import { serialize } from '../model/safetensors.ts';
import type { StoredTensor } from '../model/safetensors.ts';
import { randomParameters } from '../model/tiny-model.ts';
import { parseConfig } from '../model/config.ts';

const config = {
  size: 'tiny', frames: 25, pixels: 64, frames_per_second: 12.5, encoder_channels: [4, 4, 8],
  decoder_channels: [8, 4, 4], latent_channels: 4, backbone_width: 16, backbone_blocks: 2, backbone_heads: 2,
  backbone_mlp: 16, backbone_patch: 8, head_width: 8, width: 16, blocks: 1, heads: 2, mlp: 24, patch: 2,
  time_width: 8, domains: 8, rotary_pairs: [2, 1, 1], rotary_base: 100, lora_rank: 16,
  lora_alpha: 16, sampler_steps: 4, guidance: 1,
};

/** Text of model.json and bytes of model.safetensors. */
export function tinyFolder(): { description: string; weights: Uint8Array<ArrayBuffer> } {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { shape, values }] of randomParameters(parseConfig(config), 7)) {
    tensors.set(name, { dtype: 'F16', shape: [...shape], data: halvesFromFloats(values) });
  }
  return { description: JSON.stringify({ name: 'tiny', config }), weights: serialize(tensors) };
}
