/**
 * A tiny model with random weights and made-up pairs, for tests of training on either backend.
 *
 * The pairs are noise around two fixed latents, so that there is something to prefer; nothing here looks like
 * a video.
 */
import { normalArray } from '../math/normal.ts';
import { latentShape } from '../model/config.ts';
import { createModel, joined } from '../model/generator.ts';
import type { Model } from '../model/generator.ts';
import { physicsTokenCount } from '../model/parameters.ts';
import { randomParameters, tinyConfig } from '../model/tiny-model.ts';
import { PolicyState } from './policy-state.ts';
import type { Stage } from './policy-state.ts';
import type { Preference } from './preference-set.ts';
import { initialProgress } from './snapshots.ts';
import { Trainer } from './trainer.ts';
import type { LearnablePair } from './trainer.ts';

/** The tiny model on the active backend. */
export function tinyModel(seed = 3): Model {
  const parameters = randomParameters(tinyConfig, seed);
  return createModel({ config: tinyConfig, description: {}, parameters, hash: `tiny-${seed}`, bytes: 0 });
}

/** A trainer over fresh adapters, at its first step; it reads its state after so many milliseconds of steps. */
export function tinyTrainer(model: Model, stage: Stage = 'generator', seed = 1, readAfter?: number): Trainer {
  const state = new PolicyState(model);
  return new Trainer(state, initialProgress(stage, seed), state.pretrainedValues(), readAfter);
}

/** Pair number i: its preference, and latents that differ by a fixed direction. */
export function tinyPair(i: number): { preference: Preference; pair: LearnablePair } {
  const { config } = { config: tinyConfig };
  const { size, height, width, channels } = latentShape(config);
  const { blocks, width: featureWidth } = config.backbone;
  const direction = normalArray(99, 0, size);
  const base = normalArray(100 + i, 0, size);
  const features = Array.from({ length: blocks }, (_, level) =>
    normalArray(200 + i, level, physicsTokenCount(config) * featureWidth));
  return {
    preference: { voteId: `vote-${i}`, pairId: `pair-${i}`, chosen: 'a' },
    pair: {
      encoding: {
        image: new Uint8Array(), domain: 'rigid', latent: normalArray(300 + i, 0, height * width * channels),
        features: joined(features), background: null,
      },
      chosen: base.map((value, k) => 0.5 * value + direction[k]),
      rejected: base.map((value, k) => 0.5 * value - direction[k]),
    },
  };
}

/** The same pair with the other clip chosen. */
export function swapped({ preference, pair }: ReturnType<typeof tinyPair>): ReturnType<typeof tinyPair> {
  return {
    preference: { ...preference, chosen: 'b' },
    pair: { ...pair, chosen: pair.rejected, rejected: pair.chosen },
  };
}
