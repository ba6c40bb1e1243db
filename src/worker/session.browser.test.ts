// The session on the GPU with a tiny model: from the first message to trained weights, through a lost device,
// and on into the next visit.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { parseEvent } from '../protocol/messages.ts';
import type { EventOf, PageRequest, WorkerEvent } from '../protocol/messages.ts';
import type { ImageSource, PairId, PairRecord, SnapshotRecord, VoteAdded, VoteEvent } from '../protocol/records.ts';
import { Session } from './session.ts';
import { tinyFolder } from './tiny-studio.ts';

vi.setConfig({ testTimeout: 600_000 });

const folder = '/tiny/';
const devices: GPUDevice[] = [];

/** A page that keeps every event and can wait for one. */
class Page {
  readonly events: WorkerEvent[] = [];
  private readonly waiting = new Set<() => void>();
  readonly session = new Session((event) => {
    this.events.push(parseEvent(event));
    this.waiting.forEach((look) => look());
  });

  send(request: PageRequest): void {
    this.session.handle(request);
  }

  of<K extends WorkerEvent['kind']>(kind: K): EventOf<K>[] {
    return this.events.filter((event): event is EventOf<K> => event.kind === kind);
  }

  /** The event of this kind number `index`, as soon as it is there. */
  async wait<K extends WorkerEvent['kind']>(kind: K, index = 0): Promise<EventOf<K>> {
    for (;;) {
      const found = this.of(kind);
      if (found.length > index) return found[index];
      const failed = this.of('session.failed')[0];
      if (failed && kind !== 'session.failed') throw new Error(`${failed.code}: ${failed.sentence}`);
      await new Promise<void>((resolve) => {
        const look = () => {
          this.waiting.delete(look);
          resolve();
        };
        this.waiting.add(look);
      });
    }
  }

  start(restored: { votes?: VoteEvent[]; pairs?: PairRecord[]; snapshot?: SnapshotRecord } = {}): void {
    const { votes = [], pairs = [], snapshot = null } = restored;
    const found = { votes, pairs, snapshot };
    this.send({ kind: 'session.start', size: 'nano', modelUrl: folder, restored: found });
  }

  async pair(seed: number): Promise<{ ready: EventOf<'pair.ready'>; record: PairRecord }> {
    const pairId: PairId = `pair-${seed}`;
    const [readies, records] = [this.of('pair.ready').length, this.of('pair.record').length];
    const source = { kind: 'scene', family: 'free-fall', split: 'train', seed } as const;
    this.send({ kind: 'pair.request', pairId, source, seeds: [2 * seed, 2 * seed + 1] });
    const ready = await this.wait('pair.ready', readies);
    return { ready, record: (await this.wait('pair.record', records)).record };
  }
}

function voteFor(record: PairRecord, choice: VoteAdded['choice']): VoteAdded {
  const { sides, generator } = record;
  return {
    kind: 'vote.added', id: `vote-${record.id}`, pairId: record.id, time: new Date(0).toISOString(), choice,
    sides, chosen: choice === 'left' || choice === 'right' ? sides[choice] : null, reasons: [], latency: 1,
    watched: 1, replays: 0, input: 'key', automatic: false, appVersion: '0', modelHash: generator.modelHash,
    generatorStep: generator.step,
  };
}

let page: Page;
beforeAll(() => {
  const { description, weights } = tinyFolder();
  vi.stubGlobal('fetch', async (url: string) => {
    if (url === `${folder}model.json`) return new Response(description);
    if (url === `${folder}model.safetensors`) return new Response(weights);
    return new Response('no', { status: 404 });
  });
  const request = GPUAdapter.prototype.requestDevice;
  vi.spyOn(GPUAdapter.prototype, 'requestDevice').mockImplementation(async function (this: GPUAdapter, wish) {
    const device = await request.call(this, wish);
    devices.push(device);
    return device;
  });
});
afterAll(() => vi.unstubAllGlobals());
beforeEach(() => {
  page = new Page();
});
afterEach(() => page.send({ kind: 'session.stop' }));

test('opens, lists scenes, makes a pair', async () => {
  page.send({ kind: 'scene.list', family: 'free-fall', split: 'train', firstSeed: 4, count: 2 });
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
  // The same seeds make the same pair.
  expect((await page.pair(4)).ready.clips.a.frames).toEqual(pair.clips.a.frames);
});

test('votes become steps, through a lost device, and are there in the next session', async () => {
  page.start();
  await page.wait('session.ready');
  const records = [];
  for (const seed of [1, 2, 3]) records.push((await page.pair(seed)).record);
  const votes = [voteFor(records[0], 'left'), voteFor(records[1], 'right'), voteFor(records[2], 'tie')];
  votes.forEach((vote) => page.send({ kind: 'vote.add', vote }));
  expect(page.of('training.state').at(-1)?.usableVotes).toBe(2);
  page.send({ kind: 'training.take', steps: 4 });
  await page.wait('training.step', 3);
  const steps = page.of('training.step').map(({ values }) => values);
  expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  expect(steps[0].loss).toBe(Math.LN2);
  expect(new Set(steps.flatMap(({ voteIds }) => voteIds))).toEqual(new Set([votes[0].id, votes[1].id]));
  const saved = (await page.wait('snapshot.ready')).snapshot;
  expect(saved).toMatchObject({ step: 4, reason: 'automatic' });

  devices.at(-1)?.destroy();
  expect((await page.wait('device.recovered')).stepsRedone).toBe(0);
  page.send({ kind: 'training.take', steps: 1 });
  expect((await page.wait('training.step', 4)).values.step).toBe(5);

  page.send({ kind: 'vote.remove', voteId: votes[0].id });
  expect(page.of('training.state').at(-1)?.usableVotes).toBe(1);
  page.send({ kind: 'session.stop' });

  const next = new Page();
  next.start({ votes, pairs: records, snapshot: saved });
  expect((await next.wait('session.ready')).step).toBe(4);
  expect(next.of('training.state').at(-1)?.usableVotes).toBe(2);
  next.send({ kind: 'training.take', steps: 1 });
  const { values } = await next.wait('training.step');
  // The first session took this very step, from weights that went through the lost device.
  expect([values.step, values.loss]).toEqual([5, page.of('training.step')[4].values.loss]);
  next.send({ kind: 'snapshot.restore', snapshot: null });
  expect((await next.wait('snapshot.restored')).step).toBe(0);
  next.send({ kind: 'session.stop' });
});

test('a device lost under a step: the step is done again, and counts once', async () => {
  page.start();
  await page.wait('session.ready');
  const { record } = await page.pair(1);
  page.send({ kind: 'vote.add', vote: voteFor(record, 'left') });
  page.send({ kind: 'training.take', steps: 6 });
  await page.wait('training.step', 1);
  devices.at(-1)?.destroy();
  await page.wait('training.step', 5);
  expect(page.of('training.step').map(({ values }) => values.step)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(page.of('device.recovered')).toHaveLength(1);
  expect(page.of('device.recovered')[0].stepsRedone).toBeLessThanOrEqual(1);
});

test('before and after on held-out scenes; automatic votes', async () => {
  page.start();
  await page.wait('session.ready');
  page.send({ kind: 'evaluation.request', scenes: 2 });
  const { scenes, groundTruthLoss } = await page.wait('evaluation.ready');
  expect(scenes.map(({ source }) => source.split)).toEqual(['seen', 'unseen']);
  expect(groundTruthLoss.before).toBe(groundTruthLoss.after);
  expect(scenes[0].before.frames).toEqual(scenes[0].after.frames);
  page.send({ kind: 'automatic.start', family: 'free-fall', firstSeed: 30, votes: 2 });
  const verdict = await page.wait('vote.automatic', 1);
  expect(verdict.metrics.a.survival).not.toBeNull();
  expect(page.of('automatic.state').at(-1)).toMatchObject({ running: false, votes: 2 });
  expect(page.of('pair.ready').every(({ automatic }) => automatic)).toBe(true);
});

test('what cannot be done is refused in a sentence', async () => {
  page.send({ kind: 'training.start' });
  expect((await page.wait('request.refused')).sentence).toMatch(/not loaded/);
  page.send({
    kind: 'session.start', size: 'nano', modelUrl: '/nowhere/',
    restored: { votes: [], pairs: [], snapshot: null },
  });
  expect(await page.wait('session.failed')).toMatchObject({ code: 'weights-missing' });
});

test('an image of the visitor\'s own: judged, cancelled, refused', async () => {
  page.start();
  await page.wait('session.ready');
  const pixels = Uint8Array.from({ length: 12288 }, (_, i) => (i * 7919) % 256);
  const source: ImageSource = { kind: 'image', name: 'noise.png', image: { pixels, shape: [64, 64] } };
  page.send({ kind: 'pair.request', pairId: 'pair-image', source: structuredClone(source) });
  const ready = await page.wait('pair.ready');
  expect(ready.truth).toBeNull();
  expect(ready.outsideNote).toMatch(/outside/);
  page.send({ kind: 'pair.request', pairId: 'pair-dropped', source: structuredClone(source) });
  page.send({ kind: 'pair.cancel', pairId: 'pair-dropped' });
  const few = { pixels: pixels.slice(0, 48), shape: [4, 4] as [number, number] };
  const small: ImageSource = { kind: 'image', name: 'small.png', image: few };
  page.send({ kind: 'pair.request', pairId: 'pair-small', source: structuredClone(small) });
  expect((await page.wait('pair.failed')).sentence).toMatch(/4 x 4/);
  expect(page.of('pair.ready')).toHaveLength(1);
});
