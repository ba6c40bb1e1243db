// The session in Node, on a device that is lost or complains when told to: what is redone, what is refused
// under which name, and what acts between two steps. Sampling is made up; training is real, on the
// CPU oracles.
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { EngineWish } from '../engine/compute-device.ts';
import { createCpuBackend, NoWebGPUError } from '../engine/device.ts';
import { Trainer } from '../learning/trainer.ts';
import { latentShape } from '../model/config.ts';
import { ClipGenerator } from '../model/generator.ts';
import type { Encoding } from '../model/generator.ts';
import type { PairRecord } from '../protocol/records.ts';
import { EvaluationWork } from './evaluation-work.ts';
import { initialSettings } from './training-work.ts';
import { CpuDevice, Page, serveTinyFolder, voteFor } from './tiny-studio.ts';

const devices: CpuDevice[] = [];
const wishes: EngineWish[] = [];
let software = true;
/** How often the next device is refused first. */
let refusals = 0;
let page: Page;

/** Clips of one shade a seed, and latents that differ. */
async function madeUp(
  this: ClipGenerator, { image }: Encoding, seeds: readonly number[],
): ReturnType<ClipGenerator['generateFrom']> {
  const { config } = this.model;
  const { size } = latentShape(config);
  const { frames } = config.video;
  return seeds.map((seed) => ({
    seed, latent: Float32Array.from({ length: size }, (_, i) => Math.sin(seed + i)),
    frames: new Uint8Array(frames * image.length).fill(seed),
  }));
}

beforeAll(createCpuBackend);

beforeEach(() => {
  refusals = 0;
  devices.length = 0;
  wishes.length = 0;
  software = true;
  vi.stubGlobal('fetch', serveTinyFolder());
  vi.spyOn(ClipGenerator.prototype, 'generateFrom').mockImplementation(madeUp);
  page = new Page(async (wish) => {
    wishes.push(wish);
    if (refusals > 0) {
      refusals -= 1;
      throw new NoWebGPUError('no adapter', 'the driver restarts.');
    }
    devices.push(new CpuDevice(software));
    return devices[devices.length - 1];
  });
});

afterEach(() => {
  page.send({ kind: 'session.stop' });
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function vote(seed: number): Promise<PairRecord> {
  const { record } = await page.pair(seed);
  page.send({ kind: 'vote.add', vote: voteFor(record, 'left') });
  return record;
}

/** Steps wait for the returned function before they begin. */
function heldStep(): () => void {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const step = Trainer.prototype.step;
  vi.spyOn(Trainer.prototype, 'step').mockImplementation(async function (this: Trainer, ...drawn) {
    await gate;
    return step.apply(this, drawn);
  });
  return open;
}

test('a device lost under a pair, told late: the pair is made again, no step is said to be', async () => {
  page.start();
  await page.wait('session.ready');
  await vote(1);
  page.send({ kind: 'training.take', steps: 1 });
  await page.wait('training.step');
  vi.mocked(ClipGenerator.prototype.generateFrom).mockImplementationOnce(() => {
    setTimeout(() => devices[0].lose(), 100);
    return Promise.reject(new Error('A valid external Instance reference no longer exists.'));
  });
  const { ready } = await page.pair(2);
  expect(ready.pairId).toBe('pair-2');
  expect(page.of('device.recovered')).toEqual([{ kind: 'device.recovered', stepsRedone: 0 }]);
  expect(page.of('pair.failed')).toEqual([]);
  expect(page.of('request.refused')).toEqual([]);
});

test('a device lost under a step: the step is redone, and said to be', async () => {
  page.start();
  await page.wait('session.ready');
  await vote(1);
  vi.spyOn(Trainer.prototype, 'step').mockImplementationOnce(() => {
    devices[0].lose();
    return Promise.reject(new Error('lost'));
  });
  page.send({ kind: 'training.take', steps: 1 });
  expect((await page.wait('training.step')).values.step).toBe(1);
  expect(page.of('device.recovered')).toEqual([{ kind: 'device.recovered', stepsRedone: 1 }]);
});

test('a pair that fails with its device whole is told once; one that is not wanted is not', async () => {
  page.start();
  await page.wait('session.ready');
  const source = { kind: 'scene', family: 'free-fall', split: 'train', seed: 3 } as const;
  vi.mocked(ClipGenerator.prototype.generateFrom).mockRejectedValueOnce(new Error('no shader'));
  page.send({ kind: 'pair.request', pairId: 'pair-bad', source });
  expect(await page.wait('pair.failed')).toMatchObject({ pairId: 'pair-bad', sentence: 'no shader' });
  vi.mocked(ClipGenerator.prototype.generateFrom).mockImplementationOnce(() => {
    page.send({ kind: 'pair.cancel', pairId: 'pair-dropped' });
    return Promise.reject(new Error('no shader'));
  });
  page.send({ kind: 'pair.request', pairId: 'pair-dropped', source });
  await page.pair(4);
  expect(page.of('pair.failed')).toHaveLength(1);
});

test.each([[true, 'webgpu'], [false, 'gpu']])('a lost device (software: %j) is made anew as %s', async (kind, wish) => {
  software = kind;
  page.start();
  await page.wait('session.ready');
  devices[0].lose();
  await page.wait('device.recovered');
  expect(wishes).toEqual(['webgpu', wish]);
});

test('a device that does not come back at once is asked for again', async () => {
  page.start();
  await page.wait('session.ready');
  refusals = 2;
  devices[0].lose();
  await page.wait('device.recovered');
  expect(devices).toHaveLength(2);
  expect(page.of('device.lost')).toHaveLength(1);
  expect((await page.pair(1)).ready.pairId).toBe('pair-1');
});

test('an evaluation that fails is refused under its own name, and training goes on', async () => {
  page.start();
  await page.wait('session.ready');
  await vote(1);
  vi.spyOn(EvaluationWork.prototype, 'run').mockRejectedValueOnce(new Error('no room'));
  page.send({ kind: 'evaluation.request', scenes: 2 });
  page.send({ kind: 'training.take', steps: 1 });
  const refused = { request: 'evaluation.request', sentence: 'no room' };
  expect(await page.wait('request.refused')).toMatchObject(refused);
  await page.wait('training.step');
  expect(page.of('training.state').some(({ reason }) => reason === 'alarm')).toBe(false);
});

test('without a GPU there are no kernels to time', async () => {
  page.start();
  await page.wait('session.ready');
  page.send({ kind: 'profile.request' });
  const refused = { request: 'profile.request', sentence: expect.stringContaining('runs on the processor') as string };
  expect(await page.wait('request.refused')).toMatchObject(refused);
});

test('a snapshot that the visitor takes waits for nothing that is under way', async () => {
  page.start();
  await page.wait('session.ready');
  await vote(1);
  page.send({ kind: 'training.take', steps: 1 });
  await page.wait('training.step');
  let finish = () => {};
  vi.spyOn(EvaluationWork.prototype, 'run').mockImplementationOnce(() => new Promise((resolve) => {
    finish = () => resolve([]);
  }));
  page.send({ kind: 'evaluation.request', scenes: 2 });
  await vi.waitFor(() => expect(EvaluationWork.prototype.run).toHaveBeenCalled());
  page.send({ kind: 'snapshot.take' });
  await vi.waitFor(() =>
    expect(page.of('snapshot.ready').at(-1)?.snapshot).toMatchObject({ reason: 'visitor', step: 1 }));
  finish();
});

test('an automatic pair that fails stops the automatic voter', async () => {
  page.start();
  await page.wait('session.ready');
  vi.mocked(ClipGenerator.prototype.generateFrom).mockRejectedValueOnce(new Error('no shader'));
  page.send({ kind: 'automatic.start', families: ['free-fall'], firstSeed: 1 });
  expect(await page.wait('request.refused')).toMatchObject({ request: 'automatic.start' });
  expect(page.of('automatic.state').at(-1)).toMatchObject({ running: false });
});

test('an error of the GPU that nobody waits for is told once, and training rests', async () => {
  page.start();
  await page.wait('session.ready');
  await vote(1);
  const open = heldStep();
  page.send({ kind: 'training.start' });
  devices[0].complain('out of bounds');
  devices[0].complain('out of bounds');
  expect((await page.wait('device.faulted')).sentence).toMatch(/out of bounds/);
  expect(page.of('training.state').at(-1)).toMatchObject({ state: 'paused', reason: 'alarm' });
  open();
  await page.wait('training.step');
  expect(page.of('device.faulted')).toHaveLength(1);
});

test('settings act between two steps; the steps of another stage set out from a snapshot', async () => {
  page.start();
  await page.wait('session.ready');
  await vote(1);
  const open = heldStep();
  page.send({ kind: 'training.take', steps: 2 });
  await vi.waitFor(() => expect(Trainer.prototype.step).toHaveBeenCalled());
  page.send({ kind: 'training.configure', settings: { ...initialSettings, stage: 'physical-head' } });
  open();
  await page.wait('training.step', 1);
  expect(page.of('training.step').map(({ values }) => values.stage)).toEqual(['generator', 'physical-head']);
  const order = page.events.map(({ kind }) => kind).filter((kind) => /training.step|snapshot/.test(kind));
  expect(order.slice(0, 3)).toEqual(['training.step', 'snapshot.ready', 'training.step']);
  expect(page.of('snapshot.ready')[0].snapshot).toMatchObject({ step: 1, stage: 'generator' });
});

test('the next visit: the snapshot is named, settings are kept, damaged pairs are left out', async () => {
  page.start();
  await page.wait('session.ready');
  const records = [await vote(1), await vote(2)];
  page.send({ kind: 'training.take', steps: 1 });
  const { snapshot } = await page.wait('snapshot.ready');
  page.send({ kind: 'session.stop' });
  const pairs = [records[0], { ...records[1], tensors: records[1].tensors.slice(0, 40) }];
  const votes = records.map((record) => voteFor(record, 'left'));
  const settings = { ...initialSettings, stage: 'physical-head', learningRate: 1e-3, beta: 50 } as const;
  const next = new Page(async () => new CpuDevice());
  next.start({ pairs, votes, snapshot, settings });
  expect(await next.wait('session.ready')).toMatchObject({
    snapshotId: snapshot.id, step: 1, training: { stage: 'generator', learningRate: 1e-3, beta: 50 },
  });
  expect(next.of('training.state').at(-1)?.usableVotes).toBe(1);
  expect(next.of('request.refused')[0].sentence).toMatch(/damaged.*1\./);
  next.send({ kind: 'session.stop' });

  const other = new Page(async () => new CpuDevice());
  other.start({ snapshot: { ...snapshot, weights: snapshot.weights.slice(0, 40), bytes: 40 } });
  expect(await other.wait('session.ready')).toMatchObject({ snapshotId: null, step: 0 });
  other.send({ kind: 'session.stop' });
});
