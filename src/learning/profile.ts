/**
 * What the model has its GPU do: every captured piece of it, kernel by kernel, as work to be done and as time taken
 * beside what the adapter can do.
 *
 * It runs on a model of its own, since timing a dispatch runs it again and again; the caller's tensors are not
 * touched. WebGPU only. Clips are of a grey image and the pair is noise: times do not depend on values.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '../engine/bridge.ts';
import type { Capture } from '../engine/capture.ts';
import { measurePeak } from '../engine/peak.ts';
import type { Peak } from '../engine/peak.ts';
import { kernelTimes } from '../engine/profiler.ts';
import type { KernelTime } from '../engine/profiler.ts';
import type { DispatchWork } from '../engine/recorder.ts';
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

/** One captured piece of the model. */
export interface CaptureProfile {
  readonly name: string;
  /** GPU bytes that belong to the capture. */
  readonly bytes: number;
  /** Its dispatches in order. */
  readonly times: readonly KernelTime[];
}

/** What one captured piece has to do. */
export interface CaptureWork {
  readonly name: string;
  readonly bytes: number;
  /** In order. */
  readonly dispatches: readonly DispatchWork[];
}

export interface ModelProfile {
  readonly peak: Peak;
  readonly captures: readonly CaptureProfile[];
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
      features: normalArray(2, 0, blocks * physicsTokenCount(config) * featureWidth),
    },
    chosen: normalArray(3, 0, size),
    rejected: normalArray(4, 0, size),
  };
}

/** Times of a pair of clips (image, physics tokens, a sampler's step, decoder) and of a preference step on one pair. */
export async function profileModel(
  backend: WebGPUBackend, file: ModelFile, progress: (done: number, of: number) => void = () => {},
): Promise<ModelProfile> {
  const peak = await measurePeak(backend.device);
  const captures = await withPieces(file, async (pieces) => {
    const timed: CaptureProfile[] = [];
    for (const piece of pieces) {
      progress(timed.length, pieces.length);
      timed.push({ name: pieceName(piece), bytes: piece.bytes, times: await kernelTimes(backend, piece) });
    }
    return timed;
  });
  return { peak, captures };
}

/** The work of the same pieces, without their times: what a roofline is drawn from. */
export function modelWork(file: ModelFile): Promise<CaptureWork[]> {
  return withPieces(file, (pieces) => Promise.resolve(pieces.map((piece) => ({
    name: pieceName(piece), bytes: piece.bytes, dispatches: piece.steps.map(({ work }) => work),
  }))));
}

/** Hands the captured pieces to `read`, on a model that is gone afterwards. */
async function withPieces<T>(file: ModelFile, read: (pieces: Capture<Tensor[]>[]) => Promise<T>): Promise<T> {
  const model = createModel(file);
  const generator = new ClipGenerator(model);
  const state = new PolicyState(model);
  const trainer = new Trainer(state, initialProgress('generator', 1), state.pretrainedValues());
  try {
    const { height, width } = model.config.video;
    const grey = new Uint8Array(height * width * 3).fill(128);
    await generator.generate(grey, 'rigid', [1, 2], { sampler: { ...model.config.sampler, steps: 1 } });
    const preference = { voteId: 'vote', pairId: 'pair', chosen: 'a' as const };
    await trainer.step([{ preference, pair: noisePair(model.config) }], defaultTrainerSettings);
    return await read([...generator.captures, ...trainer.captures]);
  } finally {
    trainer.dispose();
    generator.dispose();
    state.dispose();
    disposeModel(model);
  }
}

/** A capture's name; what follows a space says how a step was captured. */
function pieceName({ name }: Capture<Tensor[]>): string {
  return name.split(' ')[0];
}
