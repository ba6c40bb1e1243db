/**
 * The sampler: integrates the velocity from noise (t = 0) to data (t = 1).
 *
 * z_t = (1 - t) z_0 + t z_1, dz/dt = v(z_t, t). Euler takes one velocity a step; Heun takes two and averages
 * them; Adams-Bashforth takes one and corrects it by the last, which is of second order at Euler's price.
 * Guidance follows v = v_none + g (v_domain - v_none), where none is the dropped domain; g = 1 needs
 * one velocity only. Sources: flow matching (Lipman 2023), classifier-free guidance (Ho 2022), reduced
 * temperature (Kingma 2018, for another kind of flow).
 *
 * Latents are plain arrays here: a few thousand values a clip, so the integration costs nothing next to a
 * velocity, and every step is a point where work can be shown, paused or given up. Noise comes from a
 * counter-based generator, a stream a seed, so that a seed names the same clip in whatever batch it is made.
 */
import { normalArray } from '../math/normal.ts';
import { latentShape } from './config.ts';
import type { ModelConfig, SamplerOptions } from './config.ts';

/** Velocity of a batch of latents at flow time t; `told`: each clip's domain is told, else dropped. */
export type VelocityField = (noisy: Float32Array, t: number, told: boolean) => Promise<Float32Array>;

/** Standard normal noise of a batch, [B, T, H, W, C] row-major: clip b from the normal stream of seeds[b]. */
export function initialNoise(config: ModelConfig, seeds: readonly number[]): Float32Array {
  const { size } = latentShape(config);
  const noise = new Float32Array(seeds.length * size);
  seeds.forEach((seed, b) => noise.set(normalArray(seed, 0, size), b * size));
  return noise;
}

async function guided(
  field: VelocityField, noisy: Float32Array, t: number, guidance: number,
): Promise<Float32Array> {
  const conditioned = await field(noisy, t, true);
  if (guidance === 1) return conditioned;
  const free = await field(noisy, t, false);
  return free.map((value, i) => value + guidance * (conditioned[i] - value));
}

/**
 * Latents at t = 1 from standard normal noise, both of the same length.
 * `progress` is told after every step; what it throws ends the integration.
 * @throws RangeError when `steps` is not a positive whole number
 */
export async function integrate(
  field: VelocityField, noise: Float32Array, options: SamplerOptions,
  progress: (step: number) => void = () => {},
): Promise<Float32Array> {
  const { steps, guidance, temperature, method } = options;
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`A sampler needs 1 or more steps, got ${steps}.`);
  }
  let z = noise.map((value) => value * temperature);
  let last: Float32Array | null = null;
  for (let i = 0; i < steps; i++) {
    const before = z;
    const first = await guided(field, before, i / steps, guidance);
    let direction = first;
    if (method === 'heun') {
      const ahead = before.map((value, k) => value + first[k] / steps);
      const second = await guided(field, ahead, (i + 1) / steps, guidance);
      direction = first.map((value, k) => (value + second[k]) / 2);
    } else if (method === 'adams-bashforth' && last !== null) {
      const earlier: Float32Array = last;
      direction = first.map((value, k) => 1.5 * value - 0.5 * earlier[k]);
    }
    last = first;
    z = before.map((value, k) => value + direction[k] / steps);
    progress(i + 1);
  }
  return z;
}
