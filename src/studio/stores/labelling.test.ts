import { expect, test } from 'vitest';
import { StorageError } from '../../storage/storage-error.ts';
import { disk, openStudio, pairOnStage, pairPrepared, until } from '../testing/opened-studio.ts';

const asked = (sent: { kind: string }[]) => sent.filter(({ kind }) => kind === 'pair.request').length;

test('a pair that fails is asked for again, a few times, and then when the visitor does', async () => {
  const few = await openStudio(disk(), { failures: 2 });
  await pairOnStage(few.studio);
  expect(few.studio.session.store.getState().notices.map(({ text }) => text)).toEqual([
    'The script lets this pair fail.',
  ]);

  const { studio, client } = await openStudio(disk(), { failures: 5 });
  const state = studio.labelling.store.getState;
  await until(() => expect(state().stalled).toBe(true));
  expect([state().waiting, asked(client.sent)]).toEqual([null, 4]);
  studio.labelling.next();
  expect([state().stalled, state().waiting === null]).toEqual([false, false]);
  await pairOnStage(studio);
});

test('a pair that fails behind one that is looked at is asked for after the vote', async () => {
  const { studio, client } = await openStudio(disk(), { sampling: 20 });
  await pairOnStage(studio);
  const { waiting } = studio.labelling.store.getState();
  client.emit({ kind: 'pair.failed', pairId: waiting!.pairId, sentence: 'It failed.' });
  expect(studio.labelling.store.getState().waiting).toBeNull();
  const before = asked(client.sent);
  studio.labelling.vote('left', 'key');
  await until(() => expect(asked(client.sent)).toBeGreaterThan(before));
  await pairOnStage(studio);
});

test('a refused request leaves nothing on its way for ever', async () => {
  const { studio, client } = await openStudio(disk(), { sampling: 20 });
  const state = studio.labelling.store.getState;
  await until(() => expect(state().waiting).not.toBeNull());
  const { pairId } = state().waiting!;
  client.emit({ kind: 'request.refused', request: 'pair.request', sentence: 'Not now.' });
  expect(state().waiting?.pairId).not.toBe(pairId);
  await pairOnStage(studio);
});

test('a session that fails waits for nothing and votes by itself no more', async () => {
  const { studio, client } = await openStudio(disk(), { sampling: 20 });
  const state = studio.labelling.store.getState;
  await until(() => expect(state().waiting).not.toBeNull());
  studio.labelling.startAutomatic(['free-fall'], 1);
  client.emit({ kind: 'session.failed', code: 'device-lost', sentence: 'Gone.', remedy: 'Reload.' });
  expect(state()).toMatchObject({ waiting: null, automatic: { running: false } });
  expect(studio.training.store.getState()).toMatchObject({ state: 'idle' });
  const before = asked(client.sent);
  studio.labelling.next();
  expect(asked(client.sent)).toBe(before);
});

test('undo keeps the pair that it takes the place of, and the one that is prepared', async () => {
  const { studio } = await openStudio(disk());
  const state = studio.labelling.store.getState;
  await pairPrepared(studio);
  const first = state().current!;
  const second = state().upcoming[0];
  studio.labelling.vote('left', 'key');
  await until(() => expect(state().current).toBe(second));
  await pairPrepared(studio);
  const third = state().upcoming[0];
  studio.labelling.undo();
  expect([state().current, ...state().upcoming]).toEqual([first, second, third]);
  for (const next of [second, third]) {
    studio.labelling.vote('right', 'key');
    await until(() => expect(state().current).toBe(next));
  }
});

test('while the automatic voter runs, no other scene is chosen, and the page says why', async () => {
  const { studio } = await openStudio(disk());
  await pairOnStage(studio);
  const scene = studio.session.store.getState().scenes[0];
  studio.labelling.startAutomatic(['free-fall'], 100);
  const { current } = studio.labelling.store.getState();
  studio.labelling.select({ kind: 'fixed', source: scene.source, still: scene.thumbnail });
  expect(studio.labelling.store.getState()).toMatchObject({ selection: { kind: 'random' }, current });
  expect(studio.session.store.getState().notices.at(-1)?.text).toMatch(/automatic voter/);
  studio.labelling.stopAutomatic();
});

test('a vote that could not be saved is saved with the next; until then the page would lose it', async () => {
  const storage = disk();
  let full = true;
  const { studio } = await openStudio({
    ...storage,
    addVote: async (event, pair) => {
      if (full) throw new StorageError('full');
      await storage.addVote(event, pair);
    },
  });
  const state = studio.labelling.store.getState;
  await pairOnStage(studio);
  expect(studio.labelling.unsaved()).toBe(false);
  studio.labelling.vote('left', 'key');
  await until(() => expect(Object.values(state().saves)).toEqual(['not-saved']));
  expect(studio.labelling.unsaved()).toBe(true);
  full = false;
  await pairOnStage(studio);
  studio.labelling.vote('right', 'key');
  await until(() => expect(Object.values(state().saves)).toEqual(['saved', 'saved']));
  expect(studio.labelling.unsaved()).toBe(false);
  const { votes, pairs } = await storage.load();
  expect(votes).toEqual(state().events);
  expect(pairs).toHaveLength(2);
});

test('votes that live in memory would be lost with the page', async () => {
  const { studio } = await openStudio({ ...disk(), durable: false });
  await pairOnStage(studio);
  expect(studio.labelling.unsaved()).toBe(false);
  studio.labelling.vote('left', 'key');
  await until(() => expect(Object.values(studio.labelling.store.getState().saves)).toEqual(['memory']));
  expect(studio.labelling.unsaved()).toBe(true);
});
