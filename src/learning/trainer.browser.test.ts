// Training on the GPU with a tiny model: a replayed step equals an eager one, nothing leaks over 1000 steps,
// and both stages start at ln 2.
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bytesOfCaptures } from '../engine/capture.ts';
import { createDevice } from '../engine/device.ts';
import type { EngineDevice } from '../engine/device.ts';
import type { Model } from '../model/generator.ts';
import { tinyModel, tinyPair, tinyTrainer } from './tiny-training.ts';
import { defaultTrainerSettings } from './trainer.ts';
import type { Trainer, TrainerSettings } from './trainer.ts';

vi.setConfig({ testTimeout: 600_000 });
const settings: TrainerSettings = { ...defaultTrainerSettings, learningRate: 0.01, beta: 20, warmUp: 1 };

let engine: EngineDevice;
let model: Model;
beforeAll(async () => {
  engine = await createDevice();
  model = tinyModel();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

const step = (trainer: Trainer) => trainer.step([tinyPair(trainer.progress.step % 3)], settings);

test('replayed steps equal eager ones over 20 steps', async () => {
  const replayed = tinyTrainer(model);
  const eager = tinyTrainer(model);
  for (let i = 0; i < 20; i++) {
    // Without its captures, a trainer runs every step afresh.
    eager.dispose();
    const [one, other] = [await step(replayed), await step(eager)];
    expect([one.warmUp, other.warmUp]).toEqual([i === 0, true]);
    expect(one.loss).toBe(other.loss);
    expect(one.gradientNorm).toBe(other.gradientNorm);
  }
  expect(await replayed.state.values()).toEqual(await eager.state.values());
  replayed.dispose();
  eager.dispose();
});

const stages = ['generator', 'physical-head'] as const;
test.each(stages)('%s: starts at ln 2 and learns one pair', async (stage) => {
  const trainer = tinyTrainer(model, stage);
  const losses: number[] = [];
  for (let i = 0; i < 30; i++) losses.push((await trainer.step([tinyPair(0)], settings)).loss);
  expect(losses[0]).toBe(Math.LN2);
  expect(Math.max(...losses.slice(-5))).toBeLessThan(losses[0]);
  trainer.dispose();
});

test('1000 steps leave no tensors and no buffers behind', async () => {
  const trainer = tinyTrainer(model);
  for (let i = 0; i < 3; i++) await step(trainer);
  const before = { ...tf.memory(), captured: bytesOfCaptures(engine.backend) };
  const started = performance.now();
  for (let i = 0; i < 1000; i++) await step(trainer);
  console.log(`a tiny step: ${((performance.now() - started) / 1000).toFixed(1)} ms`);
  const after = { ...tf.memory(), captured: bytesOfCaptures(engine.backend) };
  expect([after.numTensors, after.numBytes, after.captured])
    .toEqual([before.numTensors, before.numBytes, before.captured]);
  trainer.dispose();
});

// Last: it takes the other tests' device away.
test('a device that binds no more than every device does takes the same steps', async () => {
  const usual = tinyTrainer(model);
  const wanted = [await step(usual), await step(usual)];
  usual.dispose();
  const least = await createDevice({ limits: 'default' });
  const trainer = tinyTrainer(tinyModel());
  const reports = [await step(trainer), await step(trainer)];
  reports.forEach(({ loss, gradientNorm }, i) => {
    expect(loss).toBeCloseTo(wanted[i].loss, 6);
    expect(gradientNorm / wanted[i].gradientNorm).toBeCloseTo(1, 5);
  });
  expect(least.errors).toEqual([]);
  least.dispose();
});
