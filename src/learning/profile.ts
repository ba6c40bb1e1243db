/**
 * What the model has its GPU do: every captured piece of it, kernel by kernel, as work to be done and as time taken
 * beside what the adapter can do.
 *
 * It runs on a model of its own, since timing a dispatch runs it again and again; the caller's tensors are not
 * touched. WebGPU only.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '../engine/bridge.ts';
import type { Capture } from '../engine/capture.ts';
import { measurePeak } from '../engine/peak.ts';
import type { Peak } from '../engine/peak.ts';
import { kernelTimes } from '../engine/profiler.ts';
import type { KernelTime } from '../engine/profiler.ts';
import type { DispatchWork } from '../engine/recorder.ts';
import type { ModelFile } from '../model/weights.ts';
import { withWorkingModel } from './working-model.ts';

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

/** Times of a pair of clips (image, physics tokens, a sampler's step, decoder) and of a preference step on one pair. */
export async function profileModel(
  backend: WebGPUBackend, file: ModelFile, progress: (done: number, of: number) => void = () => {},
): Promise<ModelProfile> {
  const peak = await measurePeak(backend.device);
  const captures = await withWorkingModel(file, async ({ pieces }) => {
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
  return withWorkingModel(file, ({ pieces }) => Promise.resolve(pieces.map((piece) => ({
    name: pieceName(piece), bytes: piece.bytes, dispatches: piece.steps.map(({ work }) => work),
  }))));
}

/** A capture's name; what follows a space says how a step was captured. */
function pieceName({ name }: Capture<Tensor[]>): string {
  return name.split(' ')[0];
}
