// The session on the GPU with a tiny model: from the first message to trained weights, through a lost device,
// and on into the next visit. The tests are one visit, told in order: a device compiles its shaders anew.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ImageSource, PairRecord, VoteAdded } from '../protocol/records.ts';
import { tuningMemory } from '../storage/tuning-memory.ts';
import { Page, serveTinyFolder, voteFor } from './tiny-studio.ts';

vi.setConfig({ testTimeout: 600_000 });

const devices: GPUDevice[] = [];

let page: Page;
const records: PairRecord[] = [];
let votes: VoteAdded[];

beforeAll(async () => {
  vi.stubGlobal('fetch', serveTinyFolder());
  const request = GPUAdapter.prototype.requestDevice;
  vi.spyOn(GPUAdapter.prototype, 'requestDevice').mockImplementation(async function (this: GPUAdapter, wish) {
    const device = await request.call(this, wish);
    devices.push(device);
    return device;
  });
  page = new Page();
});
afterAll(() => {
  page.send({ kind: 'session.stop' });
  vi.unstubAllGlobals();
});

test('weights that are not there are refused, and so is work before they are', async () => {
  const other = new Page();
  other.send({ kind: 'training.start' });
  expect((await other.wait('request.refused')).sentence).toMatch(/not loaded/);
  other.send({
    kind: 'session.start', size: 'nano', engine: 'webgpu', autotune: false, modelsUrl: '/nowhere/',
    restored: { votes: [], pairs: [], snapshot: null, settings: null },
  });
  expect(await other.wait('session.failed')).toMatchObject({ code: 'weights-missing' });
});

test('opens, lists scenes, makes a pair; the same seeds make the same pair', async () => {
  page.send({ kind: 'scene.list', families: ['free-fall'], split: 'train', firstSeed: 4, count: 2 });
  page.start();
  const ready = await page.wait('session.ready');
  expect(ready).toMatchObject({ step: 0, card: { name: 'tiny', clip: [25, 64, 64] } });
  expect(page.of('session.progress').map(({ phase }) => phase)).toContain('weights');
  const { scenes } = await page.wait('scene.listed');
  expect(scenes.map(({ source }) => source.seed)).toEqual([4, 5]);
  const { ready: pair, record } = await page.pair(4);
  expect(pair.clips.a.frames).not.toEqual(pair.clips.b.frames);
  expect(pair.truth?.frames.subarray(0, 12288)).toEqual(record.image.pixels);
  expect(scenes[0].thumbnail.pixels).toEqual(record.image.pixels);
  expect(pair.outsideNote).toBeNull();
  expect((await page.pair(4)).ready.clips.a.frames).toEqual(pair.clips.a.frames);
});

test('an image of the visitor\'s own: judged, cancelled, refused', async () => {
  const before = page.of('pair.ready').length;
  const pixels = Uint8Array.from({ length: 12288 }, (_, i) => (i * 7919) % 256);
  const source: ImageSource = { kind: 'image', name: 'noise.png', image: { pixels, shape: [64, 64] } };
  page.send({ kind: 'pair.request', pairId: 'pair-image', source });
  const ready = await page.wait('pair.ready', before);
  expect(ready.truth).toBeNull();
  expect(ready.outsideNote).toMatch(/outside/);
  page.send({ kind: 'pair.request', pairId: 'pair-dropped', source });
  page.send({ kind: 'pair.cancel', pairId: 'pair-dropped' });
  const few = { pixels: pixels.slice(0, 48), shape: [4, 4] as [number, number] };
  const small: ImageSource = { kind: 'image', name: 'small.png', image: few };
  page.send({ kind: 'pair.request', pairId: 'pair-small', source: small });
  expect((await page.wait('pair.failed')).sentence).toMatch(/4 x 4/);
  expect(page.of('pair.ready')).toHaveLength(before + 1);
});

test('automatic votes come with their metrics, and stop when they were enough', async () => {
  page.send({ kind: 'automatic.start', families: ['free-fall'], firstSeed: 30, votes: 2 });
  const verdict = await page.wait('vote.automatic', 1);
  expect(verdict.metrics.a.survival).not.toBeNull();
  expect(page.of('pair.ready').filter(({ automatic }) => automatic)).toHaveLength(2);
  page.send({ kind: 'scene.list', families: ['free-fall'], split: 'train', firstSeed: 0, count: 1 });
  await page.wait('scene.listed', 1);
  expect(page.of('automatic.state').at(-1)).toMatchObject({ running: false, votes: 2 });
});

test('before and after on held-out scenes are the same before training', async () => {
  page.send({ kind: 'evaluation.request', scenes: 2 });
  const { scenes, groundTruthLoss } = await page.wait('evaluation.ready');
  expect(scenes.map(({ source }) => source.split)).toEqual(['seen', 'unseen']);
  expect(groundTruthLoss.before).toBe(groundTruthLoss.after);
  expect(scenes[0].before.frames).toEqual(scenes[0].after.frames);
});

test('votes become steps that name them; a tie does not', async () => {
  for (const seed of [1, 2, 3]) records.push((await page.pair(seed)).record);
  votes = [voteFor(records[0], 'left'), voteFor(records[1], 'right'), voteFor(records[2], 'tie')];
  votes.forEach((vote) => page.send({ kind: 'vote.add', vote }));
  expect(page.of('training.state').at(-1)?.usableVotes).toBe(2);
  page.send({ kind: 'training.take', steps: 4 });
  const saved = (await page.wait('snapshot.ready')).snapshot;
  expect(saved).toMatchObject({ step: 4, reason: 'automatic' });
  const steps = page.of('training.step').map(({ values }) => values);
  expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  expect(steps[0].loss).toBe(Math.LN2);
  expect(new Set(steps.flatMap(({ voteIds }) => voteIds))).toEqual(new Set([votes[0].id, votes[1].id]));
  expect(page.of('training.state').at(-1)).toMatchObject({ state: 'paused', reason: 'steps-taken' });
});

test('a device lost under training: every step counts once, and training goes on', async () => {
  page.send({ kind: 'training.take', steps: 6 });
  await page.wait('training.step', 5);
  devices.at(-1)?.destroy();
  await page.wait('training.step', 9);
  expect(page.of('training.step').map(({ values }) => values.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(page.of('device.recovered')).toHaveLength(1);
  expect(page.of('device.recovered')[0].stepsRedone).toBeLessThanOrEqual(1);
});

test('a device lost under a pair: the pair comes all the same, no step is said to be redone', async () => {
  const { length } = page.of('device.recovered');
  const told = page.of('pair.progress').length;
  const coming = page.pair(5);
  // Queued, encoding twice, sampling twice.
  expect((await page.wait('pair.progress', told + 4)).phase).toBe('sampling');
  devices.at(-1)?.destroy();
  const { ready } = await coming;
  expect(ready.pairId).toBe('pair-5');
  expect(page.of('pair.failed').filter(({ pairId }) => pairId === 'pair-5')).toEqual([]);
  expect((await page.wait('device.recovered', length)).stepsRedone).toBe(0);
  expect(page.of('device.faulted')).toEqual([]);
});

test('undo takes a vote out', () => {
  page.send({ kind: 'vote.remove', voteId: votes[0].id });
  expect(page.of('training.state').at(-1)?.usableVotes).toBe(1);
});

test('the next visit goes on from the snapshot, through the same steps, and back to the start', async () => {
  const saved = page.of('snapshot.ready')[0].snapshot;
  page.send({ kind: 'session.stop' });
  const next = new Page();
  next.start({ votes, pairs: records, snapshot: saved });
  expect((await next.wait('session.ready')).step).toBe(4);
  expect(next.of('training.state').at(-1)?.usableVotes).toBe(2);
  next.send({ kind: 'training.take', steps: 4 });
  await next.wait('training.step', 3);
  const losses = (of: Page) => of.of('training.step').map(({ values }) => [values.step, values.loss]);
  // Steps 5 to 8 of the first visit, of which some came after the lost device.
  expect(losses(next)).toEqual(losses(page).slice(4, 8));
  next.send({ kind: 'snapshot.restore', snapshot: null });
  expect((await next.wait('snapshot.restored')).step).toBe(0);
  next.send({ kind: 'session.stop' });
});

test('kernels are measured while nothing else is wanted, remembered, and compute the same', async () => {
  const first = new Page();
  first.start({}, true);
  const { adapter } = await first.wait('session.ready');
  const { ready } = await first.pair(4);
  const { kernels, milliseconds } = await first.wait('kernels.tuned');
  expect(kernels.length).toBeGreaterThan(0);
  for (const { variant, milliseconds: times } of kernels) {
    expect(times[variant]).toBe(Math.min(...Object.values(times)));
  }
  expect(milliseconds).toBeGreaterThan(0);
  const again = await first.pair(4);
  // Rounding to whole levels may fall on either side.
  const far = again.ready.clips.a.frames.findIndex((level, i) => Math.abs(level - ready.clips.a.frames[i]) > 2);
  expect(far).toBe(-1);
  first.send({ kind: 'session.stop' });

  const remembered = await tuningMemory().load(`${adapter}, ${navigator.userAgent}`);
  expect(remembered).toMatchObject({ [kernels[0].key]: kernels[0].variant });
});
