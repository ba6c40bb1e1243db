/**
 * Training as the session does it: one step at a time on the pairs that votes chose, with its event, alarms
 * and snapshots.
 */
import { stepAlarms, trendSteps } from '../learning/alarms.ts';
import type { Alarm } from '../learning/alarms.ts';
import { readSnapshot, snapshotBytes } from '../learning/snapshots.ts';
import { defaultTrainerSettings } from '../learning/trainer.ts';
import type { StepReport, TrainerSettings } from '../learning/trainer.ts';
import type { SnapshotRecord, TrainingSettings, TrainingStep, VoteId } from '../protocol/records.ts';
import { VoteId as VoteIdSchema } from '../protocol/records.ts';
import { parse } from 'valibot';
import type { TrainingControl } from './training-control.ts';
import type { Workbench } from './workbench.ts';

/** Steps between two automatic snapshots. */
const snapshotEvery = 10;

/** What the page's controls begin with. */
export const initialSettings: TrainingSettings = {
  stage: 'generator', learningRate: defaultTrainerSettings.learningRate, beta: defaultTrainerSettings.beta,
  pairsPerStep: defaultTrainerSettings.pairsPerStep, drawsPerPair: defaultTrainerSettings.drawsPerPair,
};

export class TrainingWork {
  private readonly bench: Workbench;
  private readonly control: TrainingControl;
  private settings: TrainingSettings;
  private history: StepReport[] = [];
  private savedStep: number;
  /** The last step asks for a snapshot that has not been taken: the device may be lost in between. */
  private snapshotDue = false;
  /** Alarms that are on, by what they were judged from: told once, again only after they were off. */
  private readonly active = { step: new Set<string>(), evaluation: new Set<string>() };

  /** `settings` are those of the last visit; null: the trainer's own. */
  constructor(bench: Workbench, control: TrainingControl, settings: TrainingSettings | null) {
    this.bench = bench;
    this.control = control;
    this.savedStep = bench.host.trainer.progress.step;
    this.settings = { ...(settings ?? initialSettings), stage: bench.host.trainer.progress.stage };
  }

  get current(): TrainingSettings {
    return this.settings;
  }

  /** Takes new settings; to be called between two steps. */
  async configure(settings: TrainingSettings): Promise<void> {
    if (settings.stage !== this.settings.stage) {
      // The steps of another stage are another run, which sets out from a snapshot.
      await this.snapshot('automatic');
      this.bench.host.trainer.changeStage(settings.stage);
      this.history = [];
      this.control.cool();
    }
    this.settings = settings;
  }

  /** Takes one step. Rejects when the device is lost; to be called again then, which does what is left of it. */
  async step(): Promise<void> {
    if (!this.snapshotDue) await this.takeStep();
    if (this.snapshotDue) await this.snapshot('automatic');
    this.snapshotDue = false;
  }

  private async takeStep(): Promise<void> {
    const { host, archive, preferences, emit } = this.bench;
    const { trainer, policy } = host;
    // The stage may have been changed on another host, or by a restored snapshot.
    trainer.changeStage(this.settings.stage);
    const settings: TrainerSettings = {
      ...defaultTrainerSettings, ...this.settings,
      pairsPerStep: Math.min(this.settings.pairsPerStep, preferences.preferences.length),
    };
    const drawn = [];
    for (const preference of trainer.nextPreferences(preferences, settings)) {
      drawn.push({ preference, pair: await archive.learnable(preference, policy) });
    }
    const report = await trainer.step(drawn, settings);
    this.history = [...this.history, report].slice(-2 * trendSteps);
    this.raise('step', stepAlarms(this.history, preferences.preferences.length));
    if (!report.kept) {
      this.history = [];
      this.control.pause('alarm');
      return;
    }
    emit({ kind: 'training.step', values: this.values(report) });
    const last = this.control.stepped();
    this.snapshotDue = last || report.step - this.savedStep >= snapshotEvery;
  }

  private values(report: StepReport): TrainingStep {
    return {
      step: report.step, stage: this.settings.stage, loss: report.loss,
      'rewards/chosen': report.rewardsChosen, 'rewards/rejected': report.rewardsRejected,
      'rewards/accuracies': report.accuracy,
      'rewards/margins': report.margin, errors: report.errors, gradientNorm: report.gradientNorm,
      learningRate: report.learningRate, beta: report.beta,
      voteIds: report.voteIds.map((id): VoteId => parse(VoteIdSchema, id)), milliseconds: report.milliseconds,
      warmUp: report.warmUp, memoryBytes: this.bench.host.memoryBytes,
    };
  }

  /** Tells the page of alarms that have come on. */
  raise(from: 'step' | 'evaluation', alarms: readonly Alarm[]): void {
    const { step } = this.bench.host.trainer.progress;
    for (const { code, sentence } of alarms) {
      if (!this.active[from].has(code)) this.bench.emit({ kind: 'alarm.raised', code, step, sentence });
    }
    this.active[from] = new Set(alarms.map(({ code }) => code));
  }

  /** Sends the trained state out as a record, unless nothing has changed since the last one was sent. */
  async snapshot(reason: SnapshotRecord['reason']): Promise<void> {
    const { host, emit } = this.bench;
    if (reason !== 'visitor' && host.trainer.progress.step === this.savedStep) return;
    const taken = await host.trainer.snapshot();
    const { progress } = taken;
    const weights = snapshotBytes(host.state, taken);
    this.savedStep = progress.step;
    emit({
      kind: 'snapshot.ready',
      snapshot: {
        id: `snapshot-${crypto.randomUUID()}`, runId: null, time: new Date().toISOString(),
        step: progress.step, stage: progress.stage, reason, modelHash: host.model.file.hash,
        bytes: weights.length, weights,
      },
    });
  }

  /**
   * Goes back to a snapshot, or to the pretrained weights; what there was is sent out first.
   * Rejects with SnapshotError; nothing has changed then.
   */
  async restore(record: SnapshotRecord | null): Promise<void> {
    const { host, emit } = this.bench;
    const { state, trainer, model } = host;
    const target = record === null
      ? { modelHash: model.file.hash, values: state.pretrainedValues(),
        progress: { ...trainer.progress, step: 0, updates: { generator: 0, 'physical-head': 0 } } }
      : readSnapshot(state, record.weights);
    await this.snapshot('automatic');
    await trainer.restore(target);
    this.history = [];
    this.active.step.clear();
    this.active.evaluation.clear();
    this.savedStep = trainer.progress.step;
    emit({ kind: 'snapshot.restored', id: record?.id ?? null, step: trainer.progress.step });
  }
}
