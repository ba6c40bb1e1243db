/**
 * The sampler: integrates the velocity from noise (t = 0) to data (t = 1).
 *
 * z_t = (1 - t) z_0 + t z_1, dz/dt = v(z_t, t). Euler takes one velocity a step; Heun takes two and averages
 * them; Adams-Bashforth takes one and corrects it by the last, which is of second order at Euler's price.
 * Guidance follows v = v_none + g (v_domain - v_none), where none is the dropped domain; g = 1 needs
 * one velocity only. Sources: flow matching (Lipman 2023), classifier-free guidance (Ho 2022), reduced
 * temperature (Kingma 2018, for another kind of flow).
 *
 * Latents stay on the device from step to step: reading a velocity back would cost a fast GPU several times what
 * computing it does. Noise comes from a counter-based generator, a stream a seed, so that a seed names the same clip in
 * whatever batch it is made.
 */
import { add, dispose, mul, sub, tidy } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { normalArray } from '../math/normal.ts';
import { latentShape } from './config.ts';
import type { ModelConfig, SamplerOptions } from './config.ts';

/**
 * Velocity of a batch of latents at flow time t, of their shape; `told`: each clip's domain is told, else dropped. The
 * tensor may hold something else after the next call.
 */
export type VelocityField = (noisy: Tensor, t: number, told: boolean) => Tensor;

/** Standard normal noise of a batch, [B, T, H, W, C] row-major: clip b from the normal stream of seeds[b]. */
export function initialNoise(config: ModelConfig, seeds: readonly number[]): Float32Array {
  const { size } = latentShape(config);
  const noise = new Float32Array(seeds.length * size);
  seeds.forEach((seed, b) => noise.set(normalArray(seed, 0, size), b * size));
  return noise;
}

/** How far the velocity goes in `time`: a tensor of its own, inside tidy. */
function moved(field: VelocityField, noisy: Tensor, t: number, guidance: number, time: number): Tensor {
  const conditioned = mul(field(noisy, t, true), guidance * time);
  return guidance === 1 ? conditioned : add(conditioned, mul(field(noisy, t, false), (1 - guidance) * time));
}

/**
 * Step i: the latents after it and, for Adams-Bashforth, half of the way that its velocity goes, which corrects the next.
 * Takes what it returned for the step before.
 */
function stepped(field: VelocityField, [z, earlier]: readonly Tensor[], i: number, options: SamplerOptions): Tensor[] {
  const { steps, guidance, method } = options;
  const first = moved(field, z, i / steps, guidance, 1 / steps);
  const ahead = add(z, first);
  if (method === 'euler') return [ahead];
  const half = mul(first, 0.5);
  if (method === 'heun') {
    return [add(add(z, half), moved(field, ahead, (i + 1) / steps, guidance, 1 / (2 * steps)))];
  }
  return [i === 0 ? ahead : add(ahead, sub(half, earlier)), half];
}

/**
 * Latents at t = 1 from standard normal noise, of its shape; the caller frees both.
 * `progress` is told after every step that was issued, and waited for; what it throws ends the integration.
 * @throws RangeError when `steps` is not a positive whole number
 */
export async function integrate(
  field: VelocityField, noise: Tensor, options: SamplerOptions,
  progress: (step: number) => void | Promise<void> = () => {},
): Promise<Tensor> {
  const { steps, temperature } = options;
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`A sampler needs 1 or more steps, got ${steps}.`);
  }
  let state: Tensor[] = [mul(noise, temperature)];
  try {
    for (let i = 0; i < steps; i++) {
      const before = state;
      state = tidy(() => stepped(field, before, i, options));
      dispose(before);
      await progress(i + 1);
    }
  } catch (error) {
    dispose(state);
    throw error;
  }
  const [latents, ...rest] = state;
  dispose(rest);
  return latents;
}
