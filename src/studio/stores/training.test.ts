import { expect, test } from 'vitest';
import type { StudioStorage } from '../../storage/studio-storage.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { disk, openStudio, train, until, voteOnce } from '../testing/opened-studio.ts';
import { trains } from './training.ts';

/** A studio with one vote, so that it can train. */
async function open(storage: StudioStorage, change: Parameters<typeof openStudio>[1] = {}) {
  const { studio, client } = await openStudio(storage, change);
  await voteOnce(studio);
  return { studio, client, training: studio.training, view: studio.training.store.getState };
}

const numbers = (steps: readonly { step: number }[]) => steps.map(({ step }) => step);

test('the snapshot that is gone back to is not pruned, though the steps since are saved first', async () => {
  const storage = disk();
  const { studio, training, view } = await open(storage);
  for (let count = 0; count < 3; count++) await train(studio, 1);
  const [oldest] = view().snapshots;
  training.take(1000);
  await until(() => expect(view().steps.length).toBeGreaterThan(4));
  training.goBack(oldest);
  await until(() => expect(Object.values(view().saves)).not.toContain('saving'));
  expect(view().head.snapshotId).toBe(oldest.id);
  expect(view().snapshots).toHaveLength(4);
  expect((await storage.load()).snapshots.map(({ id }) => id)).toContain(oldest.id);
  // From there on it is one of many again.
  await train(studio, 1);
  await until(() => expect(view().snapshots).toHaveLength(3));
  expect(new Set((await storage.load()).snapshots)).toEqual(new Set(view().snapshots));
});

test('snapshots are saved once they are stored, and the old ones go only then', async () => {
  const storage = disk();
  let full = false;
  let hold = Promise.resolve();
  const { studio, view } = await open({
    ...storage,
    putSnapshot: async (record) => {
      await hold;
      if (full) throw new StorageError('full');
      await storage.putSnapshot(record);
    },
  });
  const last = () => view().snapshots.at(-1)!;
  let release = () => {};
  hold = new Promise((resolve) => {
    release = resolve;
  });
  await train(studio, 1);
  expect(view().saves[last().id]).toBe('saving');
  release();
  await until(() => expect(view().saves[last().id]).toBe('saved'));
  for (let count = 0; count < 2; count++) await train(studio, 1);
  await until(() => expect(view().saves[last().id]).toBe('saved'));
  const stored = view().snapshots.map(({ id }) => id);
  full = true;
  for (let count = 0; count < 5; count++) await train(studio, 1);
  await until(() => expect(view().saves[last().id]).toBe('not-saved'));
  expect((await storage.load()).snapshots.map(({ id }) => id)).toEqual(stored);
  // What could not be stored does not pile up in memory.
  expect(numbers(view().snapshots)).toEqual([1, 2, 3, 6, 7, 8]);
});

test('going back drops no step that another snapshot stands on', async () => {
  const storage = disk();
  const { studio, training, view } = await open(storage);
  await train(studio, 3);
  await train(studio, 2);
  const [third, fifth] = view().snapshots;
  const before = view().steps;
  training.goBack(third);
  training.configure({ learningRate: 1e-3 });
  await train(studio, 2);
  expect(view().steps.map(({ learningRate }) => learningRate)).toEqual([3e-4, 3e-4, 3e-4, 1e-3, 1e-3]);
  training.goBack(fifth);
  await until(() => expect(view().steps).toEqual(before));

  const again = await openStudio(storage);
  expect(again.studio.training.store.getState().steps).toEqual(before);
});

test('a snapshot right after going back stands on the run gone back to', async () => {
  const storage = disk();
  const { studio, training, view } = await open(storage);
  await train(studio, 3);
  await train(studio, 1);
  training.goBack(view().snapshots[0]);
  training.snapshot();
  expect(view().head.runId).toBe(view().runs[0].id);
  await until(() => expect(Object.values(view().saves)).not.toContain('saving'));
  const again = await openStudio(storage);
  expect(numbers(again.studio.training.store.getState().steps)).toEqual([1, 2, 3]);
});

test('every visit is a run of its own, and leaves the steps of the one before as they are', async () => {
  const storage = disk();
  const first = await open(storage);
  await train(first.studio, 3);
  const [run] = first.view().runs;
  // Steps whose weights were lost with the page.
  const lost = { ...first.view().steps[2], step: 4, loss: 9 };
  await storage.addStep({ runId: run.id, step: 4, values: lost });

  const second = await openStudio(storage);
  await until(() => expect(second.studio.session.store.getState().status).toBe('ready'));
  await train(second.studio, 2);
  const { runs, steps } = second.studio.training.store.getState();
  expect(runs).toHaveLength(2);
  expect(runs[1].from).toMatchObject({ runId: run.id, step: 3 });
  expect(numbers(steps)).toEqual([1, 2, 3, 4, 5]);
  expect(steps[3].loss).not.toBe(9);
  expect(await storage.steps(run.id)).toEqual([...first.view().steps, lost]);
});

test('with other weights the line begins anew, and the old one stays stored', async () => {
  const storage = disk();
  const first = await open(storage);
  await train(first.studio, 3);
  const [run] = first.view().runs;
  const second = await open(storage, { modelHash: 'other' });
  expect(second.view().steps).toEqual([]);
  expect(second.view().head).toEqual({ snapshotId: null, runId: null });
  await train(second.studio, 1);
  expect(second.view().runs[1]).toMatchObject({ from: null, modelHash: 'other' });
  expect(numbers(second.view().steps)).toEqual([1]);
  expect(numbers(await storage.steps(run.id))).toEqual([1, 2, 3]);
});

test('another stage while training runs: another run, and no step is missing after a reload', async () => {
  const storage = disk();
  const { training, view } = await open(storage);
  training.start();
  await until(() => expect(view().steps.length).toBeGreaterThan(3));
  training.configure({ stage: 'physical-head' });
  await until(() => expect(view().runs).toHaveLength(2));
  training.pause();
  await until(() => expect(view().state).toBe('paused'));
  await until(() => expect(Object.values(view().saves)).not.toContain('saving'));
  const changed = view().steps.findIndex(({ stage }) => stage === 'physical-head');
  expect(view().runs[1]).toMatchObject({ settings: { stage: 'physical-head' }, from: { step: changed } });
  const again = await openStudio(storage);
  expect(again.studio.training.store.getState().steps).toEqual(view().steps);
});

test('learning rate and beta are those of the last visit', async () => {
  const storage = disk();
  const { studio, training } = await open(storage);
  await train(studio, 1);
  training.configure({ learningRate: 1e-3 });
  training.configure({ beta: 50 });
  const again = await openStudio(storage);
  const restored = { learningRate: 1e-3, beta: 50 };
  expect(again.client.sent.find(({ kind }) => kind === 'session.start')).toMatchObject({
    restored: { settings: restored },
  });
  await until(() => expect(again.studio.training.store.getState().settings).toMatchObject(restored));
});

test('while it waits for a pair or a comparison, training can be paused', () => {
  expect(trains({ state: 'running', reason: null })).toBe(true);
  expect(trains({ state: 'warming-up', reason: null })).toBe(true);
  for (const reason of ['generating', 'evaluating', 'device-lost', 'no-votes'] as const) {
    expect(trains({ state: 'paused', reason })).toBe(true);
  }
  for (const reason of ['visitor', 'steps-taken', 'alarm'] as const) {
    expect(trains({ state: 'paused', reason })).toBe(false);
  }
  expect(trains({ state: 'idle', reason: 'no-votes' })).toBe(false);
});
