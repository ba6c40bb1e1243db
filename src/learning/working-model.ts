/**
 * A model of its own that has made a pair of clips and taken a preference step, so that every piece of it is captured:
 * for measurements. Clips are of a grey image and the pair is noise: time and memory do not depend on values.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Capture } from '../engine/capture.ts';
import { normalArray } from '../math/normal.ts';
import { latentShape } from '../model/config.ts';
import type { ModelConfig } from '../model/config.ts';
import { ClipGenerator, createModel, disposeModel } from '../model/generator.ts';
import { physicsTokenCount } from '../model/parameters.ts';
import type { ModelFile } from '../model/weights.ts';
import { PolicyState } from './policy-state.ts';
import { initialProgress } from './snapshots.ts';
import { defaultTrainerSettings, Trainer } from './trainer.ts';
import type { LearnablePair } from './trainer.ts';

export interface WorkingModel {
  /** Image, physics tokens, a sampler's step, decoder, preference step. */
  readonly pieces: readonly Capture<Tensor[]>[];
  /** Makes two clips with one step of the sampler. */
  generate(): Promise<void>;
  /** Takes one preference step on one pair. */
  step(): Promise<void>;
}

/** A pair of noise, of the model's shapes. */
export function noisePair(config: ModelConfig): LearnablePair {
  const { size, height, width, channels } = latentShape(config);
  const { blocks, width: featureWidth } = config.backbone;
  return {
    encoding: {
      image: new Uint8Array(),
      domain: 'rigid',
      latent: normalArray(1, 0, height * width * channels),
      features: normalArray(2, 0, blocks * physicsTokenCount(config) * featureWidth), background: null,
    },
    chosen: normalArray(3, 0, size),
    rejected: normalArray(4, 0, size),
  };
}

/** Makes a working model for `read`; it is gone afterwards. */
export async function withWorkingModel<T>(file: ModelFile, read: (working: WorkingModel) => Promise<T>): Promise<T> {
  const model = createModel(file);
  const generator = new ClipGenerator(model);
  const state = new PolicyState(model);
  const trainer = new Trainer(state, initialProgress('generator', 1), state.pretrainedValues());
  const { height, width } = model.config.video;
  const grey = new Uint8Array(height * width * 3).fill(128);
  const preference = { voteId: 'vote', pairId: 'pair', chosen: 'a' as const };
  const pair = noisePair(model.config);
  const generate = async () => {
    await generator.generate(grey, 'rigid', [1, 2], { sampler: { ...model.config.sampler, steps: 1 } });
  };
  const step = async () => {
    await trainer.step([{ preference, pair }], defaultTrainerSettings);
  };
  try {
    await generate();
    await step();
    return await read({ pieces: [...generator.captures, ...trainer.captures], generate, step });
  } finally {
    trainer.dispose();
    generator.dispose();
    state.dispose();
    disposeModel(model);
  }
}
