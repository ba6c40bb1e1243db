/**
 * Evaluation on scenes of the world: a model beside its floor and its baseline, and a policy beside its
 * reference.
 *
 * evaluateScenes scores clips of held-out scenes against the simulated truth; floor is the autoencoder's
 * reconstruction of the truth through the same tracker, still is the first frame repeated. compareOnScenes
 * puts the same scenes and noise through two generators. Means come with bootstrap 95 % intervals over clips.
 * Definitions of the metrics: src/metrics.
 */
import { evaluateClip, stillClip, summariseScores } from '../metrics/evaluate.ts';
import type { ClipScores } from '../metrics/evaluate.ts';
import { bootstrapInterval, mean } from '../math/statistics.ts';
import type { Interval } from '../math/statistics.ts';
import { normalArray } from '../math/normal.ts';
import { ClipGenerator } from '../model/generator.ts';
import type { Encoding, Model } from '../model/generator.ts';
import type { SamplerOptions } from '../model/config.ts';
import type { Split } from '../world/scene.ts';
import type { FamilyName, World } from '../world/world.ts';
import { motionAmount } from './alarms.ts';
import { sceneTruth } from './scene-truth.ts';
import type { SceneTruth } from './scene-truth.ts';

/** Metrics with their intervals. */
export type SplitScores =
  Record<'l2' | 'strictL2' | 'chamfer' | 'strictChamfer' | 'iou' | 'survival', Interval>;

export interface SceneEvaluation {
  readonly model: SplitScores;
  readonly floor: SplitScores;
  readonly still: SplitScores;
  /** Peak signal-to-noise ratio of the autoencoder's reconstruction, in decibels. */
  readonly reconstruction: Interval;
}

export interface EvaluationRequest {
  readonly split: Split;
  readonly firstSeed: number;
  readonly clips: number;
  readonly family?: FamilyName;
  /** The model's own unless given. */
  readonly sampler?: SamplerOptions;
}

/** Scenes sampled in one batch. */
const batchSize = 2;

/** Scores a model on scenes firstSeed .. firstSeed + clips - 1 of a split; a scene's noise has its seed. */
export async function evaluateScenes(
  model: Model, world: World, request: EvaluationRequest, progress: (done: number) => void = () => {},
): Promise<SceneEvaluation> {
  const { split, firstSeed, clips, family = 'free-fall', sampler = model.config.sampler } = request;
  const generator = new ClipGenerator(model);
  const scores: Record<'model' | 'floor' | 'still', ClipScores[]> = { model: [], floor: [], still: [] };
  const decibels: number[] = [];
  try {
    for (let first = 0; first < clips; first += batchSize) {
      const count = Math.min(batchSize, clips - first);
      const scenes = Array.from({ length: count }, (_, i) =>
        sceneTruth(world, family, split, firstSeed + first + i, model.config.video.height));
      const videos = await clipsOfScenes(generator, scenes, await encodingsOf(generator, scenes), sampler);
      for (const [i, { scene, truth, frames, image }] of scenes.entries()) {
        const reconstruction = await generator.reconstruct(frames, scene.domain);
        scores.model.push(evaluateClip(videos[i], truth));
        scores.floor.push(evaluateClip(reconstruction, truth));
        scores.still.push(evaluateClip(stillClip(image, model.config.video.frames), truth));
        decibels.push(signalToNoise(reconstruction, frames));
      }
      progress(first + count);
    }
  } finally {
    generator.dispose();
  }
  return {
    model: splitScores(scores.model), floor: splitScores(scores.floor), still: splitScores(scores.still),
    reconstruction: bootstrapInterval(decibels),
  };
}

function encodingsOf(generator: ClipGenerator, scenes: readonly SceneTruth[]): Promise<Encoding[]> {
  return Promise.all(scenes.map(({ image, scene }) => generator.encode(image, scene.domain)));
}

/** Clips u8 [T, H, W, 3] of scenes, each from the noise of its own seed. */
async function clipsOfScenes(
  generator: ClipGenerator, scenes: readonly SceneTruth[], encodings: Encoding[], sampler: SamplerOptions,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const latents = await generator.sample(encodings, scenes.map(({ scene }) => scene.seed), { sampler });
  return Promise.all(latents.map((latent, i) => generator.decode(encodings[i], latent)));
}

function splitScores(clips: ClipScores[]): SplitScores {
  const { l2, strictL2, chamfer, strictChamfer, iou, survival } = summariseScores(clips);
  return { l2, strictL2, chamfer, strictChamfer, iou, survival };
}

/** Peak signal-to-noise ratio of 8-bit pixels, in decibels. */
export function signalToNoise(actual: Uint8Array, expected: Uint8Array): number {
  let square = 0;
  for (let i = 0; i < expected.length; i++) square += (actual[i] - expected[i]) ** 2;
  return 10 * Math.log10((255 * 255 * expected.length) / square);
}

/** What a generator makes of held-out scenes. */
export interface HeldOutResult {
  readonly clips: readonly { readonly frames: Uint8Array<ArrayBuffer>; readonly scores: ClipScores }[];
  /** Mean over scenes of the flow-matching loss on the true clip. */
  readonly groundTruthLoss: number;
  /** Mean change of a pixel from frame to frame. */
  readonly motion: number;
  readonly survival: number;
}

/** Flow times at which the loss on the truth is taken: fixed, so that two generators can be compared. */
const lossTimes = [0.3, 0.7];

/**
 * Puts held-out scenes through a generator: each from the noise of its own seed, at fixed flow times.
 * `progress` is awaited between batches, so that other work may pass.
 */
export async function evaluateHeldOut(
  generator: ClipGenerator, scenes: readonly SceneTruth[],
  progress: (done: number) => Promise<void> | void = () => {},
): Promise<HeldOutResult> {
  const clips: { frames: Uint8Array<ArrayBuffer>; scores: ClipScores }[] = [];
  const losses: number[] = [];
  for (let first = 0; first < scenes.length; first += batchSize) {
    const batch = scenes.slice(first, first + batchSize);
    const encodings = await encodingsOf(generator, batch);
    const videos = await clipsOfScenes(generator, batch, encodings, generator.model.config.sampler);
    videos.forEach((frames, i) => clips.push({ frames, scores: evaluateClip(frames, batch[i].truth) }));
    losses.push(...await flowLosses(generator, batch, encodings));
    await progress(first + batch.length);
  }
  return {
    clips,
    groundTruthLoss: mean(losses),
    motion: mean(clips.map(({ frames }, i) => motionAmount(frames, scenes[i].image.length))),
    survival: mean(clips.map(({ scores }) => scores.survival)),
  };
}

/** Flow-matching loss of each scene's true clip, averaged over the fixed flow times. */
async function flowLosses(
  generator: ClipGenerator, scenes: readonly SceneTruth[], encodings: Encoding[],
): Promise<number[]> {
  const data = await Promise.all(scenes.map(({ frames }) => generator.encodeClip(frames)));
  const losses = scenes.map(() => 0);
  for (const [draw, t] of lossTimes.entries()) {
    const noise = scenes.map(({ scene }, i) => normalArray(scene.seed, 1 + draw, data[i].length));
    const noisy = data.map((values, i) => values.map((value, k) => (1 - t) * noise[i][k] + t * value));
    const velocities = await generator.velocities(encodings, noisy, t);
    velocities.forEach((velocity, i) => {
      const squares = velocity.map((value, k) => (value - (data[i][k] - noise[i][k])) ** 2);
      losses[i] += mean(squares) / lossTimes.length;
    });
  }
  return losses;
}
