/**
 * Before and after on held-out scenes: the same first frames and noise through reference and policy.
 *
 * The reference's clips are made once and kept. Scenes come half from combinations that stage one has seen
 * and half from those it has not; their seeds lie beyond those that pairs are drawn from, so they are never
 * trained on.
 */
import { evaluationAlarms } from '../learning/alarms.ts';
import type { Alarm } from '../learning/alarms.ts';
import { evaluateHeldOut } from '../learning/evaluation.ts';
import type { HeldOutResult } from '../learning/evaluation.ts';
import { sceneTruth } from '../learning/scene-truth.ts';
import type { SceneTruth } from '../learning/scene-truth.ts';
import type { ClipScores } from '../metrics/evaluate.ts';
import type { Clip, ClipMetrics, SceneSource } from '../protocol/records.ts';
import { trainedFamilies } from './model-card.ts';
import type { Workbench } from './workbench.ts';

/** Seeds from here on are held out; the page draws its scenes below. */
export const heldOutSeed = 1_000_000;

/** Whether a scene may be one of those that are evaluated. */
export function isHeldOut(source: SceneSource): boolean {
  return source.seed >= heldOutSeed && (source.split === 'seen' || source.split === 'unseen');
}

/** Families are spread evenly over each half. */
export function heldOutSources(count: number, families: readonly string[]): SceneSource[] {
  const half = Math.ceil(count / 2);
  return Array.from({ length: count }, (_, i) => ({
    kind: 'scene', family: families[Math.floor(((i % half) * families.length) / half)],
    split: i < half ? 'seen' : 'unseen', seed: heldOutSeed + i,
  }));
}

/** Metrics for the wire: what could not be measured is null. */
export function clipMetrics(scores: ClipScores): ClipMetrics {
  const known = (value: number) => (Number.isFinite(value) ? value : null);
  return {
    l2: known(scores.l2), strictL2: known(scores.strictL2), chamfer: known(scores.chamfer),
    strictChamfer: known(scores.strictChamfer), iou: known(scores.iou), survival: known(scores.survival),
  };
}

export class EvaluationWork {
  private readonly bench: Workbench;
  private scenes: SceneTruth[] = [];
  private before: HeldOutResult | null = null;

  private readonly letPass: () => Promise<void>;

  /** `letPass` runs more urgent work that waits; it is called between batches of scenes. */
  constructor(bench: Workbench, letPass: () => Promise<void>) {
    this.bench = bench;
    this.letPass = letPass;
  }

  /** Evaluates on so many scenes and tells the page. Returns the alarms that the result gives cause for. */
  async run(count: number): Promise<Alarm[]> {
    const { world, host, emit } = this.bench;
    const sources = heldOutSources(count, trainedFamilies(host.model.file));
    const total = 2 * count;
    const { framesPerSecond, height } = host.model.config.video;
    const progress = (base: number) => (done: number) => {
      emit({ kind: 'evaluation.progress', done: base + done, total });
      return this.letPass();
    };
    if (this.scenes.length !== count || this.before === null) {
      this.scenes = sources.map(({ family, split, seed }) => sceneTruth(world, family, split, seed, height));
      this.before = await evaluateHeldOut(host.reference, this.scenes, progress(0));
    }
    const { before, scenes } = this;
    const { step } = host.trainer.progress;
    // Untrained weights are the reference.
    const after = step === 0 ? before
      : await evaluateHeldOut(host.policy, scenes, progress(count));
    const clip = (frames: Uint8Array<ArrayBuffer>): Clip => ({
      frames: Uint8Array.from(frames), shape: [frames.length / scenes[0].image.length,
        scenes[0].truth.height, scenes[0].truth.width], framesPerSecond,
    });
    emit({
      kind: 'evaluation.ready', step, seed: heldOutSeed,
      groundTruthLoss: { before: before.groundTruthLoss, after: after.groundTruthLoss },
      scenes: scenes.map(({ scene, frames }, i) => ({
        source: sources[i], description: scene.prompt, before: clip(before.clips[i].frames),
        after: clip(after.clips[i].frames), truth: clip(frames),
        metricsBefore: clipMetrics(before.clips[i].scores), metricsAfter: clipMetrics(after.clips[i].scores),
      })),
    });
    return evaluationAlarms({
      motionBefore: before.motion, motionAfter: after.motion, survivalBefore: before.survival,
      survivalAfter: after.survival, groundTruthLossBefore: before.groundTruthLoss,
      groundTruthLossAfter: after.groundTruthLoss,
    });
  }
}
