// Flags that the commands which run a model share.
import { defaultSampler } from '../src/model/sampler.ts';
import type { SamplerOptions } from '../src/model/sampler.ts';
import { oneOf, UsageError, wholeNumber } from './command-line.ts';

/** Models that are shipped in public/models. */
export const sizes = ['nano'] as const;

/** A shipped model's size, or UsageError. */
export function modelSize(text: string | undefined): (typeof sizes)[number] {
  return oneOf('size', text, sizes);
}

/** Sampler options; what is not given is the default. */
export function samplerFromFlags(steps: string | undefined, guidance: string | undefined): SamplerOptions {
  const scale = guidance === undefined ? defaultSampler.guidance : Number(guidance);
  if (!Number.isFinite(scale) || scale < 0) {
    throw new UsageError(`--guidance must be a number of 0 or more, got "${guidance ?? ''}".`);
  }
  return {
    ...defaultSampler,
    steps: steps === undefined ? defaultSampler.steps : wholeNumber('steps', steps, 1, 200),
    guidance: scale,
  };
}
