/**
 * What a model is: everything that the weights' shapes and the forward passes depend on, and how it is meant
 * to be sampled and adapted.
 *
 * A configuration travels in the weights folder's `model.json` under `config`; `parseConfig` reads it by
 * hand, so that this file (and everything below the worker) needs no schema library. It does not choose
 * optimiser settings: those belong to the trainer.
 */

/** How a sampler's step uses the velocity. */
export const samplerMethods = ['euler', 'heun', 'adams-bashforth'] as const;

export interface SamplerOptions {
  readonly method: (typeof samplerMethods)[number];
  /** Steps from noise to data, 1 or more. */
  readonly steps: number;
  /** Strength of the domain against no domain; 1 is none. */
  readonly guidance: number;
  /**
   * Standard deviation of the noise that the integration starts from. 1 draws from what the model has learned;
   * below 1 draws keep closer to the likeliest outcome and differ less.
   */
  readonly temperature: number;
}

/** Configuration of one model. Lengths are in pixels, frames, channels or tokens. */
export interface ModelConfig {
  readonly size: string;
  readonly video: { readonly frames: number; readonly height: number; readonly width: number;
    readonly framesPerSecond: number };
  readonly autoencoder: {
    /** Height and width of the square of pixels that its first layer reads, and its last one paints, as one position. */
    readonly patch: number;
    /** Channel counts of the encoder's three stages. */
    readonly encoderWidths: readonly [number, number, number];
    /** Channel counts of the decoder's three stages, coarse to fine. */
    readonly decoderWidths: readonly [number, number, number];
    readonly latentChannels: number;
    /** Channels by which the decoder finds where pixels were in the first frame; 0: all that moves is painted. */
    readonly motionWidth: number;
    /** Channel counts of what goes over the decoded clip, fine to coarse; null: nothing does. It needs motion. */
    readonly refiner: {
      readonly widths: readonly [number, number];
      readonly backgroundWidths: readonly [number, number, number];
    } | null;
  };
  readonly backbone: { readonly patch: number; readonly width: number; readonly blocks: number;
    readonly heads: number; readonly mlp: number };
  readonly head: { readonly width: number };
  readonly transformer: {
    readonly width: number;
    readonly blocks: number;
    readonly heads: number;
    readonly mlp: number;
    /** Height and width of the square of latent positions that make one token. */
    readonly patch: number;
    readonly timeWidth: number;
    readonly domains: number;
    /** Rotary pairs a head for time, height and width; their sum is half the head width. */
    readonly rotary: readonly [number, number, number];
    readonly rotaryBase: number;
  };
  /** Rank of the adapters that preference training adds to the transformer; their scale is alpha / rank. */
  readonly lora: { readonly rank: number; readonly alpha: number };
  /** How clips are sampled unless asked otherwise. */
  readonly sampler: SamplerOptions;
}

/** Two layers of the autoencoder halve time, height and width. */
const timeReduction = 4;

/** Pixels, in height and width, that one latent stands for. */
function latentPixels({ autoencoder }: ModelConfig): number {
  return 4 * autoencoder.patch;
}

/** The nano model. */
export const nanoConfig: ModelConfig = {
  size: 'nano',
  video: { frames: 25, height: 64, width: 64, framesPerSecond: 12.5 },
  autoencoder: {
    patch: 2, encoderWidths: [32, 64, 96], decoderWidths: [96, 64, 24], latentChannels: 16, motionWidth: 0,
    refiner: null,
  },
  backbone: { patch: 8, width: 128, blocks: 4, heads: 4, mlp: 512 },
  head: { width: 80 },
  transformer: {
    width: 256, blocks: 6, heads: 4, mlp: 576, patch: 2, timeWidth: 128, domains: 8,
    rotary: [8, 12, 12], rotaryBase: 100,
  },
  lora: { rank: 16, alpha: 16 },
  sampler: { method: 'adams-bashforth', steps: 6, guidance: 1, temperature: 0.4 },
};

/**
 * The small model: nano at twice the resolution in patches twice as wide, twice as deep, with wider MLPs, and with a
 * decoder that moves pixels of the first frame and goes over what it has put together.
 */
export const smallConfig: ModelConfig = {
  ...nanoConfig,
  size: 'small',
  video: { ...nanoConfig.video, height: 128, width: 128 },
  autoencoder: {
    ...nanoConfig.autoencoder, patch: 4, decoderWidths: [96, 64, 48], motionWidth: 32,
    refiner: { widths: [24, 48], backgroundWidths: [24, 48, 96] },
  },
  backbone: { ...nanoConfig.backbone, patch: 16 },
  transformer: { ...nanoConfig.transformer, blocks: 12, mlp: 896 },
};

/** Every size that there is a training configuration of. */
export const modelConfigs = { nano: nanoConfig, small: smallConfig } as const;

/** Index of a domain in the transformer's table; `none` is the dropped domain of classifier-free guidance. */
export const domainIds = { none: 0, rigid: 1, fluid: 2, thermal: 3, optics: 4 } as const;
export type Domain = keyof typeof domainIds;

/** Latent sizes that follow from a configuration: frames after the first, height, width, channels. */
export interface LatentShape {
  /** Latent frames of a whole clip, the first included. */
  readonly frames: number;
  /** Latent frames that the generator produces (the first one is given by the image). */
  readonly generated: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Values of one generated latent: generated * height * width * channels. */
  readonly size: number;
}

/** Latent sizes of one clip of this configuration. */
export function latentShape(config: ModelConfig): LatentShape {
  const frames = (config.video.frames - 1) / timeReduction + 1;
  const height = config.video.height / latentPixels(config);
  const width = config.video.width / latentPixels(config);
  const channels = config.autoencoder.latentChannels;
  return {
    frames, generated: frames - 1, height, width, channels,
    size: (frames - 1) * height * width * channels,
  };
}

/** Shape [T, H, W, C] of the latents of a generated clip, the first frame's excluded. */
export function generatedShape(config: ModelConfig): [number, number, number, number] {
  const { generated, height, width, channels } = latentShape(config);
  return [generated, height, width, channels];
}

/** Thrown when a configuration is not one that this program can run. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Fields = Readonly<Record<string, unknown>>;

function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 65536) {
    throw new ConfigError(`The model's configuration needs a whole number "${name}".`);
  }
  return value;
}

function amount(fields: Fields, name: string, low: number): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isFinite(value) || value < low) {
    throw new ConfigError(`The model's configuration needs a number of at least ${low} as "${name}".`);
  }
  return value;
}

function oneOf<Word extends string>(fields: Fields, name: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === fields[name]);
  if (found === undefined) {
    throw new ConfigError(`The model's configuration needs one of ${words.join(', ')} as "${name}".`);
  }
  return found;
}

function several(fields: Fields, name: string, length: 2): [number, number];
function several(fields: Fields, name: string, length: 3): [number, number, number];
function several(fields: Fields, name: string, length: 2 | 3): number[] {
  const value = fields[name];
  if (!Array.isArray(value) || value.length !== length) {
    const words = { 2: 'two', 3: 'three' }[length];
    throw new ConfigError(`The model's configuration needs ${words} whole numbers in "${name}".`);
  }
  const each = Object.fromEntries(value.map((item: unknown, i) => [`${name}.${i}`, item]));
  return value.map((_, i) => count(each, `${name}.${i}`));
}

function refinerOf(fields: Fields): ModelConfig['autoencoder']['refiner'] {
  const channels = fields['refiner_channels'];
  // Descriptions from before there was any do not name it.
  if (channels === undefined || (Array.isArray(channels) && channels.length === 0)) return null;
  return { widths: several(fields, 'refiner_channels', 2), backgroundWidths: several(fields, 'background_channels', 3) };
}

/**
 * Reads a configuration from parsed JSON, as the twin writes it: flat, with Python's names.
 * @throws ConfigError that names the field which is missing, not a whole number, or inconsistent.
 */
export function parseConfig(json: unknown): ModelConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new ConfigError('The model\'s description has no group "config".');
  }
  const fields: Fields = { ...json };
  const framesPerSecond = fields['frames_per_second'];
  if (typeof framesPerSecond !== 'number' || !(framesPerSecond > 0)) {
    throw new ConfigError('The model\'s configuration needs a positive number "frames_per_second".');
  }
  const pixels = count(fields, 'pixels');
  const config: ModelConfig = {
    size: typeof fields['size'] === 'string' ? fields['size'] : 'unnamed',
    video: { frames: count(fields, 'frames'), height: pixels, width: pixels, framesPerSecond },
    autoencoder: {
      patch: count(fields, 'autoencoder_patch'),
      encoderWidths: several(fields, 'encoder_channels', 3),
      decoderWidths: several(fields, 'decoder_channels', 3),
      latentChannels: count(fields, 'latent_channels'),
      // Descriptions from before there was any do not name it.
      motionWidth: fields['motion_channels'] ? count(fields, 'motion_channels') : 0,
      refiner: refinerOf(fields),
    },
    backbone: {
      patch: count(fields, 'backbone_patch'), width: count(fields, 'backbone_width'),
      blocks: count(fields, 'backbone_blocks'), heads: count(fields, 'backbone_heads'),
      mlp: count(fields, 'backbone_mlp'),
    },
    head: { width: count(fields, 'head_width') },
    transformer: {
      width: count(fields, 'width'), blocks: count(fields, 'blocks'), heads: count(fields, 'heads'),
      mlp: count(fields, 'mlp'), patch: count(fields, 'patch'), timeWidth: count(fields, 'time_width'),
      domains: count(fields, 'domains'), rotary: several(fields, 'rotary_pairs', 3),
      rotaryBase: count(fields, 'rotary_base'),
    },
    lora: { rank: count(fields, 'lora_rank'), alpha: amount(fields, 'lora_alpha', 0) },
    sampler: {
      method: oneOf(fields, 'sampler_method', samplerMethods), steps: count(fields, 'sampler_steps'),
      guidance: amount(fields, 'guidance', 0), temperature: amount(fields, 'temperature', 0),
    },
  };
  checkConfig(config);
  return config;
}

/**
 * Checks that the sizes fit together.
 * @throws ConfigError with a sentence that names what does not fit.
 */
export function checkConfig(config: ModelConfig): void {
  const { video, autoencoder, backbone, transformer } = config;
  const token = latentPixels(config) * transformer.patch;
  const rules: [boolean, string][] = [
    [(video.frames - 1) % timeReduction === 0, 'video.frames - 1 is not a multiple of 4'],
    [video.height % token === 0, 'video.height does not divide into tokens'],
    [video.width % token === 0, 'video.width does not divide into tokens'],
    [video.height % backbone.patch === 0 && video.width % backbone.patch === 0,
      'the picture does not divide into backbone patches'],
    [autoencoder.refiner === null || (autoencoder.motionWidth > 0 && autoencoder.patch % 2 === 0),
      'a refiner needs motion, and an even patch'],
    [backbone.width % backbone.heads === 0, 'backbone.width is not a multiple of backbone.heads'],
    [transformer.width % transformer.heads === 0, 'transformer.width is not a multiple of transformer.heads'],
    [2 * transformer.rotary.reduce((a, b) => a + b) === transformer.width / transformer.heads,
      'transformer.rotary does not add up to half the head width'],
    [transformer.timeWidth % 2 === 0, 'transformer.timeWidth is odd'],
  ];
  for (const [holds, sentence] of rules) {
    if (!holds) throw new ConfigError(`The model's configuration does not fit together: ${sentence}.`);
  }
}
