import { expect, test } from 'vitest';
import { standingVotes } from '../../protocol/records.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { disk, openStudio, pairOnStage, pairPrepared, until } from '../testing/opened-studio.ts';

test('the first pair comes by itself, and the next is prepared while it is looked at', async () => {
  const { studio, client } = await openStudio(disk());
  await pairPrepared(studio);
  expect(client.sent.filter((request) => request.kind === 'pair.request')).toHaveLength(2);
});

test('a vote is stored before the worker hears of it, with its pair', async () => {
  const storage = disk();
  const order: string[] = [];
  const { studio, client } = await openStudio({
    ...storage,
    addVote: async (event, pair) => {
      await storage.addVote(event, pair);
      order.push('stored');
      expect(client.sent.some((request) => request.kind === 'vote.add')).toBe(false);
    },
  });
  await pairOnStage(studio);
  studio.labelling.toggleReason('gravity');
  studio.labelling.vote('left', 'key');
  const { voted, saves } = studio.labelling.store.getState();
  expect(voted).toMatchObject({ choice: 'left', input: 'key', reasons: ['gravity'], automatic: false });
  expect(voted?.chosen).toBe(voted?.sides.left);
  expect(saves[voted!.id]).toBe('saving');
  await until(() => expect(client.sent.some((request) => request.kind === 'vote.add')).toBe(true));
  expect(order).toEqual(['stored']);
  expect(studio.labelling.store.getState().saves[voted!.id]).toBe('saved');
  const found = await storage.load();
  expect(found.pairs.map((pair) => pair.id)).toEqual([voted?.pairId]);
});

test('a pair takes one vote only, and the next pair follows', async () => {
  const { studio } = await openStudio(disk());
  await pairOnStage(studio);
  const first = studio.labelling.store.getState().current;
  studio.labelling.vote('tie', 'key');
  studio.labelling.vote('left', 'key');
  expect(studio.labelling.store.getState().events).toHaveLength(1);
  expect(studio.labelling.store.getState().voted?.chosen).toBeNull();
  await pairOnStage(studio);
  expect(studio.labelling.store.getState().current?.pairId).not.toBe(first?.pairId);
});

test('undo is another event, and brings the pair back', async () => {
  const { studio, client } = await openStudio(disk());
  await pairOnStage(studio);
  const first = studio.labelling.store.getState().current;
  studio.labelling.vote('right', 'mouse');
  await pairOnStage(studio);
  studio.labelling.undo();
  const { events, current } = studio.labelling.store.getState();
  expect(events.map((event) => event.kind)).toEqual(['vote.added', 'vote.removed']);
  expect(standingVotes(events)).toHaveLength(0);
  expect(current?.pairId).toBe(first?.pairId);
  await until(() => expect(client.sent.at(-1)?.kind).toBe('vote.remove'));
  studio.labelling.undo();
  expect(studio.labelling.store.getState().events).toHaveLength(2);
});

test('a write that fails is said, and the vote still counts in this session', async () => {
  const { studio, client } = await openStudio({
    ...disk(),
    addVote: () => Promise.reject(new StorageError('full')),
  });
  await pairOnStage(studio);
  studio.labelling.vote('left', 'touch');
  await until(() => expect(client.sent.some((request) => request.kind === 'vote.add')).toBe(true));
  const [event] = studio.labelling.store.getState().events;
  expect(studio.labelling.store.getState().saves[event.id]).toBe('not-saved');
  expect(studio.session.store.getState().notices[0].text).toMatch(/no room/);
});

test('another scene cancels what was on its way', async () => {
  const { studio, client } = await openStudio(disk(), { sampling: 5 });
  await until(() => expect(studio.labelling.store.getState().waiting).not.toBeNull());
  const waiting = studio.labelling.store.getState().waiting!.pairId;
  const scene = studio.session.store.getState().scenes[4];
  studio.labelling.select({ kind: 'fixed', source: scene.source, still: scene.thumbnail });
  expect(client.sent).toContainEqual({ kind: 'pair.cancel', pairId: waiting });
  await pairOnStage(studio);
  expect(studio.labelling.store.getState().current?.source).toEqual(scene.source);
});

test('steps, votes and weights are there after a reload, as far as the last snapshot', async () => {
  const storage = disk();
  const before = await openStudio(storage);
  for (let votes = 1; votes <= 3; votes++) {
    await pairOnStage(before.studio);
    before.studio.labelling.vote('left', 'key');
  }
  const added = () => before.client.sent.filter((request) => request.kind === 'vote.add');
  await until(() => expect(added()).toHaveLength(3));
  before.studio.training.take(5);
  await until(() => expect(before.studio.training.store.getState().snapshots).toHaveLength(1));
  const steps = before.studio.training.store.getState().steps;
  expect(steps.map((step) => step.step)).toEqual([1, 2, 3, 4, 5]);
  expect(steps[0].loss).toBeCloseTo(Math.LN2);
  await storage.addStep({ runId: 'run-lost', step: 9, values: { ...steps[4], step: 9 } });

  const after = await openStudio(storage);
  await until(() => expect(after.studio.session.store.getState().status).toBe('ready'));
  expect(after.studio.labelling.store.getState().events).toHaveLength(3);
  expect(after.studio.training.store.getState().steps).toEqual(steps);
  const started = after.client.sent.find((request) => request.kind === 'session.start');
  expect(started?.restored).toMatchObject({ snapshot: { step: 5 }, pairs: { length: 3 } });
});

test('going back starts another run that shares the steps up to there', async () => {
  const storage = disk();
  const { studio } = await openStudio(storage);
  await pairOnStage(studio);
  studio.labelling.vote('left', 'key');
  await until(() => expect(Object.values(studio.labelling.store.getState().saves)).toEqual(['saved']));
  studio.training.take(3);
  await until(() => expect(studio.training.store.getState().snapshots).toHaveLength(1));
  studio.training.take(4);
  await until(() => expect(studio.training.store.getState().snapshots).toHaveLength(2));
  studio.training.goBack(studio.training.store.getState().snapshots[0]);
  expect(studio.training.store.getState().steps).toHaveLength(3);
  studio.training.take(1);
  await until(() => expect(studio.training.store.getState().snapshots).toHaveLength(3));
  const { runs, steps } = studio.training.store.getState();
  expect(runs).toHaveLength(2);
  expect(runs[1].from).toMatchObject({ runId: runs[0].id, step: 3 });
  expect(steps.map((step) => step.step)).toEqual([1, 2, 3, 4]);

  const again = await openStudio(storage);
  expect(again.studio.training.store.getState().steps.map((step) => step.step)).toEqual([1, 2, 3, 4]);
  again.studio.training.goBack(null);
  expect(again.studio.training.store.getState().steps).toEqual([]);
});

test('the automatic voter says so in every vote, and takes the way that people take', async () => {
  const { studio, client } = await openStudio(disk());
  await pairOnStage(studio);
  studio.labelling.startAutomatic(['free-fall'], 100);
  await until(() => expect(studio.labelling.store.getState().automatic.votes).toBeGreaterThan(1));
  studio.labelling.stopAutomatic();
  const votes = standingVotes(studio.labelling.store.getState().events);
  expect(votes.every((vote) => vote.automatic && vote.input === 'automatic')).toBe(true);
  expect(client.sent.some((request) => request.kind === 'vote.add')).toBe(true);
  await until(() => expect(studio.labelling.store.getState().automatic.running).toBe(false));
});

test('pairs are asked for with the visitor\'s sampler, by itself at temperature 1', async () => {
  const { studio, client } = await openStudio(disk());
  await pairPrepared(studio);
  const asked = () => client.sent.flatMap((request) => (request.kind === 'pair.request' ? [request.sampler] : []));
  expect(asked().at(-1)).toEqual({ method: 'euler', steps: 4, guidance: 1, temperature: 1 });
  studio.settings.set({ samplerSteps: 8, temperature: 0.4 });
  const count = asked().length;
  studio.labelling.vote('left', 'key');
  await until(() => expect(asked().length).toBeGreaterThan(count));
  expect(asked().at(-1)).toEqual({ method: 'euler', steps: 8, guidance: 1, temperature: 0.4 });
});
