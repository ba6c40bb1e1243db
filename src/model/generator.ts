/**
 * The generator as one object: an image and seeds in, clips out, every network captured once and replayed.
 *
 * image u8 [H, W, 3] -> latent of the first frame and backbone features -> physics tokens -> latents of each
 * seed -> frames u8 [T, H, W, 3]. Encodings and latents are read back to the CPU: a few hundred kilobytes, in exchange
 * for which nothing but weights lives on the GPU between calls, so a lost device loses no work and one generator serves
 * any mixture of images and seeds. Inside a call nothing is read back: waiting for a fast GPU takes longer than most
 * networks on it.
 *
 * The policy's weights may change between calls, as long as they are updated in place. It does not load
 * weights (weights.ts), and it knows nothing of scenes or votes.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { capture } from '../engine/capture.ts';
import type { Capture } from '../engine/capture.ts';
import { readTogether } from '../engine/read-together.ts';
import {
  knownBackground, latentFromImage, latentFromVideo, networkFromPixels, pixelsFromNetwork, videoFromLatent,
} from './autoencoder.ts';
import { domainIds, latentShape } from './config.ts';
import type { Domain, ModelConfig, SamplerOptions } from './config.ts';
import { parameter } from './layers.ts';
import type { Weights } from './layers.ts';
import type { Lora } from './lora.ts';
import { physicsTokenCount } from './parameters.ts';
import { backboneFeatures, physicsTokens } from './physics-encoder.ts';
import { initialNoise, integrate } from './sampler.ts';
import type { VelocityField } from './sampler.ts';
import { rotaryTensors, timeFeatures, velocity } from './video-transformer.ts';
import type { RotaryTensors } from './video-transformer.ts';
import { fetchModel, readModel, tensorsFromValues } from './weights.ts';
import type { LoadProgress, ModelFile } from './weights.ts';
import { keepsShapes, withWholeBodies } from './whole-bodies.ts';

/** A model on the active backend. */
export interface Model {
  readonly file: ModelFile;
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly rotary: RotaryTensors;
}

/** The weights that generate: the pretrained ones, or those with a trained adapter or head in their place. */
export interface Policy {
  readonly weights: Weights;
  readonly lora?: Lora;
}

/** What an image becomes before it is sampled from; plain values, reusable for any seed. */
export interface Encoding {
  readonly image: Uint8Array;
  /** What the model is told that the image shows; `none` tells nothing. */
  readonly domain: Domain;
  /** Latent of the first frame [H/s, W/s, C], s: pixels that one latent stands for. */
  readonly latent: Float32Array;
  /** Backbone features [levels, L, C]. */
  readonly features: Float32Array;
  /** Network values [H, W, 3] of the image without what moves in it; null where the model does not know. */
  readonly background: Float32Array | null;
}

/** A generated clip. */
export interface GeneratedClip {
  readonly seed: number;
  /** u8 [T, H, W, 3]; frame 0 is the decoder's, close to the image but not equal to it. */
  readonly frames: Uint8Array<ArrayBuffer>;
  /** Generated latents [T', H/s, W/s, C], the first frame's excluded. */
  readonly latent: Float32Array;
}

export interface GenerateOptions {
  /** The model's own sampler unless given. */
  readonly sampler?: SamplerOptions;
  /** Told as work goes on; what it throws ends the work. */
  readonly progress?: (phase: 'encoding' | 'sampling' | 'decoding', step: number, steps: number) => void;
}

/** Puts a model's weights on the active backend. */
export function createModel(file: ModelFile): Model {
  return {
    file, config: file.config, weights: tensorsFromValues(file.parameters),
    rotary: rotaryTensors(file.config),
  };
}

/**
 * Loads a model from its folder (an address that ends with a slash) or from the contents of its two files.
 * @throws WeightsError
 */
export async function loadModel(
  source: string | { readonly description: string; readonly weights: Uint8Array }, progress?: LoadProgress,
): Promise<Model> {
  const file = typeof source === 'string'
    ? await fetchModel(source, progress)
    : await readModel(source.description, source.weights);
  return createModel(file);
}

/** Frees a model's tensors. */
export function disposeModel(model: Model): void {
  model.weights.forEach((tensor) => tensor.dispose());
  tf.dispose([model.rotary.cos, model.rotary.sin]);
}

/** Throws unless the pixels are an image of the model's size. */
function checkImage(config: ModelConfig, pixels: Uint8Array): void {
  const { height, width } = config.video;
  if (pixels.length !== height * width * 3) {
    throw new RangeError(`An image of this model has ${height} x ${width} x 3 bytes, got ${pixels.length}.`);
  }
}

/** Inputs of a captured network and what it returns; shapes are fixed. */
interface Network {
  readonly inputs: readonly Tensor[];
  readonly captured: Capture<Tensor[]>;
}

/** A tensor of its own, whatever becomes of the other's buffer. */
function copyOf(x: Tensor): Tensor {
  return tf.mul(x, 1);
}

/** A captured chain of networks over one policy. Calls may overlap. */
export class ClipGenerator {
  readonly model: Model;
  readonly policy: Policy;
  private readonly networks = new Map<string, Network>();

  constructor(model: Model, policy: Policy = { weights: model.weights }) {
    this.model = model;
    this.policy = policy;
  }

  /**
   * Issues a network: captured at first use, replayed afterwards. Its outputs hold what they hold until it is issued
   * again: the caller uses them, or begins to read them, before it waits for anything.
   */
  private issue(
    name: string, values: readonly (Float32Array | Tensor)[], shapes: readonly number[][],
    forward: (inputs: Tensor[]) => Tensor[],
  ): readonly Tensor[] {
    let network = this.networks.get(name);
    if (network === undefined) {
      const inputs = values.map((given, i) =>
        tf.keep(given instanceof tf.Tensor ? copyOf(given) : tf.tensor(given, shapes[i], 'float32')));
      network = { inputs, captured: capture(name, inputs, () => forward(inputs)) };
      this.networks.set(name, network);
    } else {
      const { inputs, captured } = network;
      inputs.forEach((input, i) => captured.write(input, values[i]));
      captured.replay();
    }
    return network.captured.outputs;
  }

  /**
   * Waits for a network that takes so long that its replay is divided into submits: then what is told of the work is
   * true, and it can be given up. A fast GPU is not waited for.
   */
  private async pace(name: string): Promise<void> {
    const captured = this.networks.get(name)?.captured;
    if (captured !== undefined && captured.submits > 1) await captured.finished();
  }

  /** Latent and backbone features of an image u8 [H, W, 3]. Throws RangeError on another size. */
  async encode(image: Uint8Array, domain: Domain): Promise<Encoding> {
    const { config } = this.model;
    checkImage(config, image);
    const shape = [1, config.video.height, config.video.width, 3];
    const values = [networkFromPixels(image)];
    const network = this.issue('encode-image', values, [shape], ([pixels]) => {
      const background = knownBackground(config, this.model.weights, pixels);
      return [
        latentFromImage(config, this.model.weights, pixels),
        tf.concat(backboneFeatures(config, this.model.weights, pixels), 0),
        ...(background === null ? [] : [background]),
      ];
    });
    const [latent, features, background = null] = await readTogether(network);
    return { image, domain, latent, features, background };
  }

  /** Physics tokens [B, L, width] of a batch of encodings under the policy's head. */
  private physics(encodings: readonly Encoding[]): Tensor {
    const { config } = this.model;
    const { blocks, width } = config.backbone;
    const shape = [blocks, physicsTokenCount(config), width];
    return tf.tidy(() => {
      const known = new Map<Float32Array, Tensor>();
      for (const { features } of encodings) {
        if (known.has(features)) continue;
        const [tokens] = this.issue('physics-tokens', [features], [shape], ([stacked]) => [
          physicsTokens(config, this.policy.weights, tf.split(stacked, blocks, 0)),
        ]);
        known.set(features, copyOf(tokens));
      }
      return tf.concat(encodings.map(({ features }) => known.get(features)!), 0);
    });
  }

  /** Does something with the policy's velocity for a batch of encodings, each under its own domain. */
  private async withField<Result>(
    encodings: readonly Encoding[], work: (field: VelocityField, name: string) => Promise<Result>,
  ): Promise<Result> {
    const { config, rotary } = this.model;
    const { weights, lora } = this.policy;
    const batch = encodings.length;
    const name = `velocity-${batch}`;
    const { generated, height, width, channels } = latentShape(config);
    const { timeWidth, width: tokenWidth } = config.transformer;
    const shapes = [
      [batch, generated, height, width, channels], [batch, height, width, channels],
      [batch, physicsTokenCount(config), tokenWidth], [batch, 1, tokenWidth], [batch, timeWidth],
    ];
    const imageLatents = joined(encodings.map(({ latent }) => latent));
    const table = await parameter(weights, 'transformer.domain').data();
    const rows = (domains: readonly Domain[]) => joined(domains.map((domain) => {
      const row = domainIds[domain];
      return Float32Array.from(table.subarray(row * tokenWidth, (row + 1) * tokenWidth));
    }));
    const own = rows(encodings.map(({ domain }) => domain));
    const dropped = rows(encodings.map(() => 'none'));
    const physics = this.physics(encodings);
    try {
      return await work((noisy, t, told) => {
        const time = timeFeatures(encodings.map(() => t), timeWidth);
        const values = [noisy, imageLatents, physics, told ? own : dropped, time];
        const [result] = this.issue(name, values, shapes, (inputs) => [
          velocity(config, weights, {
            noisy: inputs[0], imageLatent: inputs[1], physics: inputs[2], domain: inputs[3], time: inputs[4],
            rotary, lora,
          }),
        ]);
        return result;
      }, name);
    } finally {
      physics.dispose();
    }
  }

  /** Latents of a batch, one an encoding, as a tensor [B, T, H, W, C]; the caller frees it. */
  private batchOf(latents: Float32Array): Tensor {
    const { generated, height, width, channels, size } = latentShape(this.model.config);
    return tf.tensor(latents, [latents.length / size, generated, height, width, channels], 'float32');
  }

  /** Values of a batch of latents, which is freed. */
  private async latentsOf(batch: Tensor): Promise<Float32Array[]> {
    const { size } = latentShape(this.model.config);
    const values = await batch.data<'float32'>();
    batch.dispose();
    return Array.from({ length: values.length / size }, (_, b) => values.slice(b * size, (b + 1) * size));
  }

  /** Generated latents, one a seed; encodings and seeds go together one by one, in one batch. */
  async sample(
    encodings: readonly Encoding[], seeds: readonly number[], options: GenerateOptions = {},
  ): Promise<Float32Array[]> {
    const { config } = this.model;
    const { sampler = config.sampler, progress = () => {} } = options;
    if (encodings.length !== seeds.length || seeds.length === 0) {
      throw new RangeError(`Sampling needs a seed an image, got ${seeds.length} for ${encodings.length}.`);
    }
    const latents = await this.withField(encodings, async (field, name) => {
      const noise = this.batchOf(initialNoise(config, seeds));
      try {
        return await integrate(field, noise, sampler, async (step) => {
          await this.pace(name);
          progress('sampling', step, sampler.steps);
        });
      } finally {
        noise.dispose();
      }
    });
    return this.latentsOf(latents);
  }

  /** The policy's velocities for latents z_t, one an encoding, at one flow time. */
  async velocities(
    encodings: readonly Encoding[], noisy: readonly Float32Array[], t: number,
  ): Promise<Float32Array[]> {
    const velocities = await this.withField(encodings, async (field) => tf.tidy(() =>
      copyOf(field(this.batchOf(joined(noisy)), t, true))));
    return this.latentsOf(velocities);
  }

  /**
   * Frames u8 [T, H, W, 3] of generated latents and the image that they follow; of what keeps its shape, in the shapes that
   * the image shows.
   */
  async decode(encoding: Encoding, latent: Float32Array): Promise<Uint8Array<ArrayBuffer>> {
    const { config } = this.model;
    const { frames, height, width, channels } = latentShape(config);
    const { image, background, domain } = encoding;
    const picture = [1, config.video.height, config.video.width, 3];
    const known = background === null ? [] : [background];
    const shapes = [[1, frames, height, width, channels], picture, ...known.map(() => picture)];
    const values = [joined([encoding.latent, latent]), networkFromPixels(image), ...known];
    const [video] = await readTogether(this.issue('decode', values, shapes, ([latents, first, behind]) => [
      videoFromLatent(config, this.model.weights, latents, first, behind),
    ]));
    const decoded = pixelsFromNetwork(video);
    const isWhole = background !== null && keepsShapes[domain];
    return isWhole ? withWholeBodies(decoded, image, pixelsFromNetwork(background), config.video) : decoded;
  }

  /** Latents [T'-1, h, w, C] of a whole clip u8 [T, H, W, 3], the first frame's excluded. */
  async encodeClip(frames: Uint8Array): Promise<Float32Array> {
    const { config } = this.model;
    const { height, width } = config.video;
    const shape = [1, config.video.frames, height, width, 3];
    const [latents] = await readTogether(this.issue('encode-clip', [networkFromPixels(frames)], [shape], ([video]) => [
      latentFromVideo(config, this.model.weights, video),
    ]));
    const latent = latentShape(config);
    return latents.slice(latent.height * latent.width * latent.channels);
  }

  /** The autoencoder's reconstruction u8 [T, H, W, 3] of a clip of a domain: the floor of every metric. */
  async reconstruct(frames: Uint8Array, domain: Domain): Promise<Uint8Array<ArrayBuffer>> {
    const { height, width } = this.model.config.video;
    const encoding = await this.encode(frames.slice(0, height * width * 3), domain);
    return this.decode(encoding, await this.encodeClip(frames));
  }

  /** Clips of one image, one a seed, sampled in one batch. */
  async generate(
    image: Uint8Array, domain: Domain, seeds: readonly number[], options: GenerateOptions = {},
  ): Promise<{ encoding: Encoding; clips: GeneratedClip[] }> {
    options.progress?.('encoding', 0, 1);
    const encoding = await this.encode(image, domain);
    return { encoding, clips: await this.generateFrom(encoding, seeds, options) };
  }

  /** Clips of one image that is encoded already, one a seed, sampled in one batch. */
  async generateFrom(
    encoding: Encoding, seeds: readonly number[], options: GenerateOptions = {},
  ): Promise<GeneratedClip[]> {
    const { sampler = this.model.config.sampler, progress = () => {} } = options;
    progress('sampling', 0, sampler.steps);
    const latents = await this.sample(seeds.map(() => encoding), seeds, options);
    const decoding: Promise<GeneratedClip>[] = [];
    for (const [i, latent] of latents.entries()) {
      progress('decoding', i, latents.length);
      const clip = this.decode(encoding, latent).then((frames) => ({ seed: seeds[i], latent, frames }));
      // A failure is met below, where all are waited for.
      clip.catch(() => {});
      decoding.push(clip);
      await this.pace('decode');
    }
    const clips = await Promise.all(decoding);
    progress('decoding', latents.length, latents.length);
    return clips;
  }

  /** The captured networks, for a profiler. */
  get captures(): Capture<Tensor[]>[] {
    return [...this.networks.values()].map(({ captured }) => captured);
  }

  /** GPU bytes of the captures. */
  get bytes(): number {
    return [...this.networks.values()].reduce((sum, { captured }) => sum + captured.bytes, 0);
  }

  /** Frees every capture and its inputs; the policy's weights stay with their owner. */
  dispose(): void {
    for (const { inputs, captured } of this.networks.values()) {
      captured.dispose();
      tf.dispose([...inputs]);
    }
    this.networks.clear();
  }
}

/** Clips of one image by a model's pretrained weights, for scripts: frames u8 [T, H, W, 3] a seed. */
export async function generateClips(
  model: Model,
  request: GenerateOptions
    & { readonly image: Uint8Array; readonly domain: Domain; readonly seeds: readonly number[] },
): Promise<GeneratedClip[]> {
  const generator = new ClipGenerator(model);
  try {
    return (await generator.generate(request.image, request.domain, request.seeds, request)).clips;
  } finally {
    generator.dispose();
  }
}

/** Arrays one after another. */
export function joined(arrays: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}
