/**
 * Low-rank adapters on the generator: y = x W + b + (alpha / rank) (x A) B, A [in, rank], B [rank, out].
 *
 * Source: LoRA (Hu 2021). A starts random (variance 1 / in), B starts at zero, so that the adapted model
 * equals the base model exactly until the first update. Adapters are kept apart from the base weights: with
 * the adapter off, the same weights are the reference of preference training. Merging into W is not done.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { adaptedLinear } from '../kernels/linear/adapted.ts';
import { normalArray } from '../math/normal.ts';
import type { ModelConfig } from './config.ts';
import { linearLayer, parameter } from './layers.ts';
import type { Weights } from './layers.ts';
import { loraParameterShapes } from './parameters.ts';

/** An adapter: its parameters `lora.block_i.<projection>.a|b`, and its scale alpha / rank. */
export interface Lora {
  readonly weights: Weights;
  readonly scale: number;
  /** It gets no gradients. */
  readonly frozen?: boolean;
}

/** Values of a fresh adapter by parameter name; the same seed gives the same values. */
export function initialLora(config: ModelConfig, rank: number, seed: number): Map<string, Float32Array> {
  const values = new Map<string, Float32Array>();
  let stream = 0;
  for (const [name, [rows, columns]] of loraParameterShapes(config, rank)) {
    if (name.endsWith('.b')) {
      values.set(name, new Float32Array(rows * columns));
    } else {
      const scale = 1 / Math.sqrt(rows);
      values.set(name, normalArray(seed, stream++, rows * columns).map((value) => value * scale));
    }
  }
  return values;
}

/** A projection of the generator, with the adapter's low-rank term where there is an adapter. */
export function adaptedLayer(weights: Weights, name: string, x: Tensor, lora: Lora | undefined): Tensor {
  const layer = `transformer.${name}`;
  if (lora === undefined) return linearLayer(weights, layer, x);
  return adaptedLinear(x, parameter(weights, `${layer}.weight`), parameter(weights, `${layer}.bias`),
    parameter(lora.weights, `lora.${name}.a`), parameter(lora.weights, `lora.${name}.b`), lora.scale,
    lora.frozen);
}
