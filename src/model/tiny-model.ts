/**
 * A tiny model with random weights, for tests: the same graph as nano's, small enough for the oracles on a
 * CPU.
 *
 * Parameters that pretraining starts at zero (modulation, the final layer) are random here too, so that every
 * path carries a signal. It is not a trained model, and no page loads it.
 */
import { normalArray } from '../math/normal.ts';
import type { ModelConfig } from './config.ts';
import { parameterShapes } from './parameters.ts';
import type { NamedValues } from './weights.ts';

/** The twin's `tiny`, with smaller pictures. */
export const tinyConfig: ModelConfig = {
  size: 'tiny',
  video: { frames: 9, height: 32, width: 32, framesPerSecond: 12.5 },
  autoencoder: {
    patch: 2, encoderWidths: [4, 6, 8], decoderWidths: [8, 6, 4], latentChannels: 4, motionWidth: 8,
    refiner: { widths: [4, 6], backgroundWidths: [4, 6, 8] },
  },
  backbone: { patch: 8, width: 8, blocks: 2, heads: 2, mlp: 16 },
  head: { width: 6 },
  transformer: {
    width: 16, blocks: 2, heads: 2, mlp: 24, patch: 2, timeWidth: 8, domains: 8, rotary: [2, 1, 1],
    rotaryBase: 100,
  },
  lora: { rank: 2, alpha: 2 },
  sampler: { method: 'euler', steps: 4, guidance: 1, temperature: 1 },
};

/** Random values for every parameter of a configuration; the same seed gives the same values. */
export function randomParameters(config: ModelConfig, seed: number): NamedValues {
  const values = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  let stream = 0;
  for (const [name, shape] of parameterShapes(config)) {
    const size = shape.reduce((product, length) => product * length, 1);
    const fanIn = name.endsWith('.weight') ? size / shape[shape.length - 1] : 100;
    const scale = 1 / Math.sqrt(fanIn);
    const around = /(_std|query_scale|key_scale)$/.test(name) ? 1 : 0;
    const drawn = normalArray(seed, stream++, size).map((value) => around + scale * value);
    values.set(name, { shape, values: name.endsWith('_std') ? drawn.map(Math.abs) : drawn });
  }
  return values;
}
