/**
 * The list of a model's parameters: every name and shape, in one place.
 *
 * Names equal those of the PyTorch twin. Linear weights are [in, out], convolution filters
 * [kT, kH, kW, Cin, Cout], the scale and shift of a normalisation [1, C]. Loading checks a file against
 * this list; tests make small random models from it. It holds no values.
 */
import { latentShape } from './config.ts';
import type { ModelConfig } from './config.ts';

/** Parameter name -> shape. */
export type ParameterShapes = ReadonlyMap<string, readonly number[]>;

type Kernel = readonly [number, number, number];

/** Kernel sizes of the autoencoder's residual blocks, in the order of the encoder's and decoder's stages. */
export const residualKernels = {
  encoder: [[1, 3, 3], [3, 3, 3], [1, 3, 3]] as readonly Kernel[],
  decoder: [[3, 3, 3], [3, 3, 3], [3, 3, 3]] as readonly Kernel[],
};

/** Channels that a refiner is shown of every pixel: four pictures', how unlike two of them are, and two shares. */
export const shownChannels = 4 * 3 + 3;

/** The projections of a transformer block that carry a low-rank adapter. */
export const adaptedProjections = ['qkv', 'output', 'mlp_1', 'mlp_2'] as const;
export type AdaptedProjection = (typeof adaptedProjections)[number];

/** Input and output widths of an adapted projection. */
export function projectionShape(config: ModelConfig, projection: AdaptedProjection): [number, number] {
  const { width, mlp } = config.transformer;
  if (projection === 'qkv') return [width, 3 * width];
  if (projection === 'output') return [width, width];
  return projection === 'mlp_1' ? [width, mlp] : [mlp, width];
}

type Refiner = NonNullable<ModelConfig['autoencoder']['refiner']>;

class Collector {
  readonly shapes = new Map<string, readonly number[]>();
  linear(name: string, input: number, output: number): void {
    this.shapes.set(`${name}.weight`, [input, output]);
    this.shapes.set(`${name}.bias`, [output]);
  }
  convolution(name: string, kernel: Kernel, input: number, output: number): void {
    this.shapes.set(`${name}.weight`, [...kernel, input, output]);
    this.shapes.set(`${name}.bias`, [output]);
  }
  norm(name: string, width: number): void {
    this.shapes.set(`${name}.scale`, [1, width]);
    this.shapes.set(`${name}.shift`, [1, width]);
  }
  residual(name: string, kernel: Kernel, width: number): void {
    this.norm(`${name}.norm`, width);
    this.convolution(`${name}.convolution_1`, kernel, width, width);
    this.convolution(`${name}.convolution_2`, kernel, width, width);
  }
}

function addAutoencoder(to: Collector, config: ModelConfig): void {
  const [e0, e1, e2] = config.autoencoder.encoderWidths;
  const [d0, d1, d2] = config.autoencoder.decoderWidths;
  const { latentChannels: latent, patch } = config.autoencoder;
  const encoder = 'autoencoder.encoder';
  to.convolution(`${encoder}.input`, [1, 3, 3], 3 * patch ** 2, e0);
  to.residual(`${encoder}.block_0`, residualKernels.encoder[0], e0);
  to.convolution(`${encoder}.down_0`, [3, 3, 3], e0, e1);
  to.residual(`${encoder}.block_1`, residualKernels.encoder[1], e1);
  to.convolution(`${encoder}.down_1`, [3, 3, 3], e1, e2);
  to.residual(`${encoder}.block_2`, residualKernels.encoder[2], e2);
  to.norm(`${encoder}.output_norm`, e2);
  to.convolution(`${encoder}.output`, [1, 1, 1], e2, latent);
  to.shapes.set('autoencoder.latent_mean', [latent]);
  to.shapes.set('autoencoder.latent_std', [latent]);
  const decoder = 'autoencoder.decoder';
  to.convolution(`${decoder}.input`, [3, 3, 3], latent, d0);
  to.residual(`${decoder}.block_0`, residualKernels.decoder[0], d0);
  to.linear(`${decoder}.up_0`, d0, 8 * d1);
  to.residual(`${decoder}.block_1`, residualKernels.decoder[1], d1);
  to.linear(`${decoder}.up_1`, d1, 8 * d2);
  to.convolution(`${decoder}.image`, [1, 3, 3], 3 * patch ** 2, d2);
  to.residual(`${decoder}.block_2`, residualKernels.decoder[2], d2);
  to.norm(`${decoder}.output_norm`, d2);
  to.convolution(`${decoder}.output`, [3, 3, 3], d2, 4 * patch ** 2);
  const { motionWidth, refiner } = config.autoencoder;
  if (motionWidth > 0) addMotion(to, config, motionWidth);
  if (refiner !== null) addRefiner(to, config, refiner);
}

function addRefiner(to: Collector, config: ModelConfig, { widths, backgroundWidths }: Refiner): void {
  const refiner = 'autoencoder.decoder.refiner';
  const kernel = [1, 3, 3] as const;
  const [fine, coarse] = widths;
  const pixels = (config.autoencoder.patch / 2) ** 2;
  to.convolution(`${refiner}.input`, kernel, shownChannels * pixels, fine);
  to.convolution(`${refiner}.still`, kernel, 6 * pixels, fine);
  to.residual(`${refiner}.block_0`, kernel, fine);
  to.convolution(`${refiner}.down`, kernel, fine, coarse);
  to.linear(`${refiner}.features`, config.autoencoder.decoderWidths[2], coarse);
  to.residual(`${refiner}.block_1`, kernel, coarse);
  to.linear(`${refiner}.up`, coarse, 4 * fine);
  to.residual(`${refiner}.block_2`, kernel, fine);
  to.norm(`${refiner}.output_norm`, fine);
  to.convolution(`${refiner}.output`, kernel, fine, 6 * pixels);
  const [b0, b1, b2] = backgroundWidths;
  const background = `${refiner}.background`;
  to.convolution(`${background}.input`, kernel, 3 * pixels, b0);
  to.convolution(`${background}.down_0`, kernel, b0, b1);
  to.convolution(`${background}.down_1`, kernel, b1, b2);
  to.linear(`${background}.up_1`, b2, 4 * b1);
  to.linear(`${background}.up_0`, b1, 4 * b0);
  [b0, b1, b2, b2, b1, b0].forEach((width, i) => to.residual(`${background}.block_${i}`, kernel, width));
  to.norm(`${background}.output_norm`, b0);
  to.convolution(`${background}.output`, kernel, b0, 4 * pixels);
}

function addMotion(to: Collector, config: ModelConfig, width: number): void {
  const motion = 'autoencoder.decoder.motion';
  const { patch, decoderWidths } = config.autoencoder;
  const cells = (config.video.height / patch) * (config.video.width / patch);
  to.shapes.set(`${motion}.cells`, [cells, 2]);
  to.shapes.set(`${motion}.position`, [cells, width]);
  to.linear(`${motion}.up`, decoderWidths[1], 8 * width);
  to.residual(`${motion}.block`, [1, 3, 3], width);
  to.convolution(`${motion}.image`, [1, 3, 3], 3 * patch ** 2, width);
  to.norm(`${motion}.norm`, width);
  to.linear(`${motion}.query`, width, width);
  to.linear(`${motion}.key`, width, width);
  to.linear(`${motion}.value`, width, width - 2);
  to.linear(`${motion}.matched`, width, width);
  to.norm(`${motion}.output_norm`, width);
  to.convolution(`${motion}.output`, [1, 3, 3], width, 3 * patch ** 2);
}

function addPhysicsEncoder(to: Collector, config: ModelConfig): void {
  const { patch, width, blocks, mlp } = config.backbone;
  const tokens = physicsTokenCount(config);
  to.linear('backbone.patch', patch * patch * 3, width);
  to.shapes.set('backbone.position', [tokens, width]);
  for (let i = 0; i < blocks; i++) {
    const name = `backbone.block_${i}`;
    to.norm(`${name}.norm_1`, width);
    to.linear(`${name}.qkv`, width, 3 * width);
    to.linear(`${name}.output`, width, width);
    to.norm(`${name}.norm_2`, width);
    to.linear(`${name}.mlp_1`, width, mlp);
    to.linear(`${name}.mlp_2`, mlp, width);
  }
  const head = config.head.width;
  for (let i = 0; i < blocks; i++) {
    to.norm(`head.level_${i}.norm`, width);
    to.linear(`head.level_${i}.project`, width, head);
    to.convolution(`head.fuse_${i}`, [1, 3, 3], head, head);
  }
  to.norm('head.output_norm', head);
  to.linear('head.output', head, config.transformer.width);
}

function addTransformer(to: Collector, config: ModelConfig): void {
  const { width, blocks, heads, patch, timeWidth, domains } = config.transformer;
  const channels = latentShape(config).channels;
  to.shapes.set('transformer.domain', [domains, width]);
  to.shapes.set('transformer.physics_type', [width]);
  to.linear('transformer.patch', patch * patch * 2 * channels, width);
  to.linear('transformer.time_1', timeWidth, timeWidth);
  to.linear('transformer.time_2', timeWidth, timeWidth);
  to.linear('transformer.modulation', timeWidth, 6 * width);
  for (let i = 0; i < blocks; i++) {
    const name = `transformer.block_${i}`;
    to.shapes.set(`${name}.modulation`, [6, width]);
    to.shapes.set(`${name}.query_scale`, [width / heads]);
    to.shapes.set(`${name}.key_scale`, [width / heads]);
    for (const projection of adaptedProjections) {
      to.linear(`${name}.${projection}`, ...projectionShape(config, projection));
    }
  }
  to.linear('transformer.final_modulation', timeWidth, 2 * width);
  to.linear('transformer.final', width, patch * patch * channels);
}

/** Number of physics tokens of one image: one a backbone patch. */
export function physicsTokenCount(config: ModelConfig): number {
  return (config.video.height / config.backbone.patch) * (config.video.width / config.backbone.patch);
}

/** Every parameter of a model of this configuration (adapters excluded). */
export function parameterShapes(config: ModelConfig): ParameterShapes {
  const collector = new Collector();
  addAutoencoder(collector, config);
  addPhysicsEncoder(collector, config);
  addTransformer(collector, config);
  return collector.shapes;
}

/** Names of the physical head's parameters: what stage three trains. */
export function headParameterNames(config: ModelConfig): string[] {
  return [...parameterShapes(config).keys()].filter((name) => name.startsWith('head.'));
}

/** Every parameter of the generator's adapters of one rank: `lora.block_i.<projection>.a` and `.b`. */
export function loraParameterShapes(config: ModelConfig, rank: number): ParameterShapes {
  const shapes = new Map<string, readonly number[]>();
  for (let i = 0; i < config.transformer.blocks; i++) {
    for (const projection of adaptedProjections) {
      const [input, output] = projectionShape(config, projection);
      shapes.set(`lora.block_${i}.${projection}.a`, [input, rank]);
      shapes.set(`lora.block_${i}.${projection}.b`, [rank, output]);
    }
  }
  return shapes;
}
