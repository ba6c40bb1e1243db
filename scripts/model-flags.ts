// Flags that the commands which run a model share.
import type { SamplerOptions } from '../src/model/sampler.ts';
import { oneOf, UsageError, wholeNumber } from './command-line.ts';

/** Models that are shipped in public/models. */
export const sizes = ['nano'] as const;

/** A shipped model's size, or UsageError. */
export function modelSize(text: string | undefined): (typeof sizes)[number] {
  return oneOf('size', text, sizes);
}

/** The sampler options that are given; what is absent is the model's own. */
export function samplerFromFlags(
  steps: string | undefined, guidance: string | undefined,
): Partial<SamplerOptions> {
  const options: { steps?: number; guidance?: number } = {};
  if (steps !== undefined) options.steps = wholeNumber('steps', steps, 1, 200);
  if (guidance !== undefined) {
    options.guidance = guidance.trim() === '' ? NaN : Number(guidance);
    if (!Number.isFinite(options.guidance) || options.guidance < 0) {
      throw new UsageError(`--guidance must be a number of 0 or more, got "${guidance}".`);
    }
  }
  return options;
}
