// The trainer on the cpu backend with a tiny model: where it starts, what changes and what never does,
// resuming, and bad figures. Replay against eager and leaks are tested on the GPU as well.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { createCpuBackend } from '../engine/device.ts';
import type { Model } from '../model/generator.ts';
import { PolicyState } from './policy-state.ts';
import type { Stage } from './policy-state.ts';
import { PreferenceSet } from './preference-set.ts';
import { readSnapshot, snapshotBytes, SnapshotError } from './snapshots.ts';
import { swapped, tinyModel, tinyPair, tinyTrainer } from './tiny-training.ts';
import { defaultTrainerSettings } from './trainer.ts';
import type { StepReport, Trainer, TrainerSettings } from './trainer.ts';
import { batchesOf } from './training-step.ts';

const settings: TrainerSettings = { ...defaultTrainerSettings, learningRate: 0.01, beta: 20, warmUp: 1 };
const stages: Stage[] = ['generator', 'physical-head'];

let model: Model;
beforeAll(async () => {
  await createCpuBackend();
  model = tinyModel();
});

async function train(
  trainer: Trainer, steps: number, change: Partial<TrainerSettings> = {},
): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  for (let i = 0; i < steps; i++) {
    reports.push(await trainer.step([tinyPair(trainer.progress.step % 3)], { ...settings, ...change }));
  }
  return reports;
}

test('adapters have the rank and the scale of the model\'s configuration', () => {
  const config = { ...model.config, lora: { rank: 3, alpha: 6 } };
  const state = new PolicyState({ ...model, config });
  expect(state.trainables.generator.find(({ name }) => name.endsWith('.a'))?.value.shape[1]).toBe(3);
  expect(state.policy.lora?.scale).toBe(2);
  state.dispose();
});

test.each(stages)('%s: the first loss is ln 2 and the margin 0, to the bit', async (stage) => {
  const [report] = await train(tinyTrainer(model, stage), 1);
  expect(report.loss).toBe(Math.LN2);
  expect([report.margin, report.accuracy, report.step]).toEqual([0, 0.5, 1]);
  expect(report.gradientNorm).toBeGreaterThan(0);
  expect(report.voteIds).toEqual(['vote-0']);
});

test.each(stages)('%s: its parameters change, no other does, the reference never', async (stage) => {
  const trainer = tinyTrainer(model, stage);
  const before = await trainer.state.values();
  const base = await model.weights.get('transformer.patch.weight')?.data();
  const baseHead = Float32Array.from(await model.weights.get('head.output.weight')?.data() ?? []);
  const [first] = await train(trainer, 1, { learningRate: 0 });
  await train(trainer, 3);
  const after = await trainer.state.values();
  for (const [name, values] of after) {
    const own = trainer.state.trainables[stage].some((trained) => name.endsWith(trained.name));
    const same = values.every((value, i) => value === before.get(name)?.[i]);
    expect(same, name).toBe(!own);
  }
  expect(await model.weights.get('transformer.patch.weight')?.data()).toEqual(base);
  expect(Float32Array.from(await model.weights.get('head.output.weight')?.data() ?? [])).toEqual(baseHead);
  // The first draw once more, now under trained weights: only the policy's errors may differ.
  const { values } = await trainer.snapshot();
  await trainer.restore({ modelHash: '', values, progress: { ...trainer.progress, step: 0, draws: 0, pairs: 0 } });
  const [again] = await train(trainer, 1, { learningRate: 0 });
  expect(again.errors.referenceChosen).toBe(first.errors.referenceChosen);
  expect(again.errors.referenceRejected).toBe(first.errors.referenceRejected);
  expect(again.errors.policyChosen).not.toBe(first.errors.policyChosen);
});

test('it learns one pair: loss down, margin up, every draw ranked right', async () => {
  const trainer = tinyTrainer(model);
  const reports = [];
  for (let i = 0; i < 40; i++) reports.push(await trainer.step([tinyPair(0)], settings));
  const last = reports.slice(-8);
  expect(Math.max(...last.map(({ loss }) => loss))).toBeLessThan(0.4);
  expect(last.every(({ accuracy }) => accuracy === 1)).toBe(true);
});

test('swapping the clips of a pair flips the margin', async () => {
  const trainer = tinyTrainer(model);
  await train(trainer, 5);
  const { values, progress, modelHash } = await trainer.snapshot();
  const straight = await trainer.step([tinyPair(0)], { ...settings, learningRate: 0 });
  await trainer.restore({ values, progress, modelHash });
  const reversed = await trainer.step([swapped(tinyPair(0))], { ...settings, learningRate: 0 });
  expect(straight.margin).not.toBe(0);
  expect(reversed.margin).toBeCloseTo(-straight.margin, 6);
  expect(reversed.loss).toBeCloseTo(straight.loss + straight.margin, 5);
});

test('a resumed run equals an uninterrupted one', async () => {
  const whole = tinyTrainer(model);
  const expected = await train(whole, 6);
  const first = tinyTrainer(model);
  await train(first, 3);
  const bytes = snapshotBytes(first.state, await first.snapshot());
  const second = tinyTrainer(model);
  await second.restore(readSnapshot(second.state, bytes));
  const resumed = await train(second, 3);
  expect(resumed.map(({ step, loss }) => [step, loss])).toEqual(
    expected.slice(3).map(({ step, loss }) => [step, loss]));
  expect(await second.state.values()).toEqual(await whole.state.values());
});

test('a snapshot leaves out what is pretrained, and is refused for other weights', async () => {
  const trainer = tinyTrainer(model);
  const empty = snapshotBytes(trainer.state, await trainer.snapshot());
  await train(trainer, 2);
  const trained = snapshotBytes(trainer.state, await trainer.snapshot());
  expect(trained.length).toBeGreaterThan(10 * empty.length / 9);
  expect(readSnapshot(trainer.state, empty).values).toEqual(trainer.state.pretrainedValues());
  const other = tinyTrainer(tinyModel(4));
  expect(() => readSnapshot(other.state, trained)).toThrow(SnapshotError);
  expect(() => readSnapshot(trainer.state, trained.slice(0, -8))).toThrow(/damaged/);
});

test('a change of stage goes on from the weights as they are, at ln 2 again', async () => {
  const trainer = tinyTrainer(model);
  await train(trainer, 3);
  trainer.changeStage('physical-head');
  const [report] = await train(trainer, 1);
  expect([report.step, report.loss]).toEqual([4, Math.LN2]);
  expect(trainer.progress.updates).toEqual({ generator: 3, 'physical-head': 1 });
});

test('the generator learns under the head as it has become, whatever was known of its images', async () => {
  const kept = [tinyPair(0)];
  const trainer = tinyTrainer(model);
  await trainer.step(kept, settings);
  trainer.changeStage('physical-head');
  await trainer.step(kept, settings);
  trainer.changeStage('generator');
  const other = tinyTrainer(model);
  await other.restore(await trainer.snapshot());
  other.changeStage('generator');
  const before = tinyTrainer(model);
  await before.restore({ ...await trainer.snapshot(), values: trainer.state.pretrainedValues() });
  before.changeStage('generator');
  const [own, fresh, untrained] = await Promise.all([trainer, other, before].map((each) => each.step(kept, settings)));
  expect(own.errors).toEqual(fresh.errors);
  expect(own.errors.referenceChosen).not.toBe(untrained.errors.referenceChosen);
});

test('several pairs and draws go in batches; shared noise or not, supervised or not', async () => {
  expect(batchesOf(6)).toEqual([4, 2]);
  const pairs = [tinyPair(0), tinyPair(1)];
  for (const change of [{}, { sharedNoise: false }, { objective: 'supervised' as const }]) {
    const trainer = tinyTrainer(model);
    const report = await trainer.step(pairs, { ...settings, ...change, pairsPerStep: 2, drawsPerPair: 3 });
    expect(report.kept).toBe(true);
    expect(report.voteIds).toEqual(['vote-0', 'vote-1']);
    expect(trainer.progress).toMatchObject({ step: 1, pairs: 2, draws: 6 });
    const supervised = change.objective === 'supervised';
    expect(report.loss).toBe(supervised ? report.errors.policyChosen : Math.LN2);
  }
});

// The state is read after every step, or never unless asked for.
const readings = [0, Infinity];

test.each(readings)('a step whose figures are no numbers is taken back; state read after %d ms', async (readAfter) => {
  const trainer = tinyTrainer(model, 'generator', 1, readAfter);
  await train(trainer, 2);
  const before = await trainer.state.values();
  const bad = tinyPair(0);
  bad.pair.chosen[5] = NaN;
  const report = await trainer.step([bad], settings);
  expect([report.kept, report.step]).toEqual([false, 3]);
  expect(trainer.progress.step).toBe(2);
  expect(await trainer.state.values()).toEqual(before);
});

test.each(readings)('another trainer takes over where one stood; state read after %d ms', async (readAfter) => {
  const first = tinyTrainer(model, 'generator', 1, readAfter);
  await train(first, 2);
  first.changeStage('physical-head');
  await train(first, 1);
  const { progress, since } = first.standing;
  expect([progress.step, since.length]).toEqual([3, readAfter === 0 ? 0 : 3]);
  const second = tinyTrainer(model, 'generator', 1, readAfter);
  second.takeOver(first.standing);
  expect(await second.state.values()).toEqual(await first.state.values());
  expect(await second.snapshot()).toEqual(await first.snapshot());
  expect(second.standing.since).toEqual([]);
  const expected = await train(first, 2);
  expect((await train(second, 2)).map(({ step, loss }) => [step, loss])).toEqual(
    expected.map(({ step, loss }) => [step, loss]));
  // It did not stand there by itself.
  expect(await tinyTrainer(model).state.values()).not.toEqual(await second.state.values());
});

test('the draws of a refused step are passed over, in a resumed run as in an uninterrupted one', async () => {
  const bad = () => {
    const drawn = tinyPair(0);
    drawn.pair.chosen[5] = NaN;
    return drawn;
  };
  const whole = tinyTrainer(model);
  await train(whole, 1);
  await whole.step([bad()], settings);
  expect(whole.progress).toMatchObject({ step: 1, pairs: 2, draws: 2, updates: { generator: 1 } });
  const resumed = tinyTrainer(model);
  await resumed.restore(readSnapshot(resumed.state, snapshotBytes(whole.state, await whole.snapshot())));
  const expected = await train(whole, 2);
  expect((await train(resumed, 2)).map(({ loss }) => loss)).toEqual(expected.map(({ loss }) => loss));
  expect(await resumed.state.values()).toEqual(await whole.state.values());
});

test('equal steps share one capture, another plan has its own', async () => {
  const trainer = tinyTrainer(model);
  await train(trainer, 2);
  expect(trainer.captures).toHaveLength(1);
  await train(trainer, 1, { sharedNoise: false });
  expect(trainer.captures).toHaveLength(2);
  trainer.dispose();
  expect(trainer.captures).toHaveLength(0);
  trainer.state.dispose();
});

test('steps leave no tensors behind', async () => {
  const trainer = tinyTrainer(model);
  await train(trainer, 2);
  const { numTensors } = tf.memory();
  await train(trainer, 5);
  expect(tf.memory().numTensors).toBe(numTensors);
  trainer.dispose();
});

test('pairs are drawn from the set by where training stands', async () => {
  const set = new PreferenceSet([0, 1, 2].map((i) => ({ id: `v${i}`, pairId: `p${i}`, chosen: 'a' })));
  const trainer = tinyTrainer(model);
  const drawn = [];
  for (let i = 0; i < 3; i++) {
    const [preference] = trainer.nextPreferences(set, settings);
    drawn.push(preference.voteId);
    await trainer.step([{ preference, pair: tinyPair(i).pair }], settings);
  }
  expect(drawn.toSorted()).toEqual(['v0', 'v1', 'v2']);
});
