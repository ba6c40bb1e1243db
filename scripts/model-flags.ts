// Flags that the commands which run a model share.
import type { EngineWish } from '../src/engine/compute-device.ts';
import { samplerMethods } from '../src/model/config.ts';
import type { SamplerOptions } from '../src/model/config.ts';
import { oneOf, UsageError, wholeNumber } from './command-line.ts';
import type { Flag } from './command-line.ts';

/** Models that are shipped in public/models. */
export const sizes = ['nano', 'small'] as const;

/** A shipped model's size, or UsageError. */
export function modelSize(text: string | undefined): (typeof sizes)[number] {
  return oneOf('size', text, sizes);
}

/** What the model runs on. */
export const engineFlag: Flag = {
  value: 'E', help: 'webgpu, wasm (the processor), or auto: the GPU where there is one', default: 'auto',
};

/** What `--engine` asks for, or UsageError. */
export function engineFromFlag(text: string | undefined): EngineWish {
  return oneOf('engine', text, ['auto', 'webgpu', 'wasm'] as const);
}

export type SamplerFlag = 'steps' | 'guidance' | 'temperature' | 'method';

/** Flags of the commands that sample; all default to the model's own. */
export const samplerFlags: Record<SamplerFlag, Flag> = {
  steps: { value: 'N', help: "sampler steps (default: the model's)", optional: true },
  guidance: { value: 'G', help: "guidance (default: the model's)", optional: true },
  temperature: { value: 'T', help: "spread of the initial noise, 1 is all (default: the model's)", optional: true },
  method: { value: 'M', help: `${samplerMethods.join(', ')} (default: the model's)`, optional: true },
};

/** The sampler options that are given; what is absent is the model's own. */
export function samplerFromFlags(
  flags: { readonly [Name in SamplerFlag]?: string | undefined },
): Partial<SamplerOptions> {
  const { steps, guidance, temperature, method } = flags;
  return {
    ...(steps !== undefined && { steps: wholeNumber('steps', steps, 1, 200) }),
    ...(guidance !== undefined && { guidance: amount('guidance', guidance) }),
    ...(temperature !== undefined && { temperature: amount('temperature', temperature) }),
    ...(method !== undefined && { method: oneOf('method', method, samplerMethods) }),
  };
}

function amount(name: string, text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value) || value < 0) {
    throw new UsageError(`--${name} must be a number of 0 or more, got "${text}".`);
  }
  return value;
}
