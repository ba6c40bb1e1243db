import { expect, test } from 'vitest';
import { disk, openStudio, pairPrepared, train, until, voteOnce } from '../testing/opened-studio.ts';

type Client = Awaited<ReturnType<typeof openStudio>>['client'];

const asked = ({ sent }: Client) => sent.filter(({ kind }) => kind === 'evaluation.request').length;

test('with a GPU it is asked for once, when a pair is looked at and the next one is there', async () => {
  const { studio, client } = await openStudio(disk(), { software: false });
  await pairPrepared(studio);
  const kinds = client.sent.map(({ kind }) => kind).filter((kind) => /pair|evaluation/.test(kind));
  expect(kinds).toEqual(['pair.request', 'pair.request', 'evaluation.request']);
  await until(() => expect(studio.evaluation.store.getState().latest).not.toBeNull());
  await voteOnce(studio);
  await pairPrepared(studio);
  expect(asked(client)).toBe(1);
});

test('on a software adapter it waits for the first step, and comes again after going back', async () => {
  const { studio, client } = await openStudio(disk());
  await voteOnce(studio);
  await pairPrepared(studio);
  expect(asked(client)).toBe(0);
  await train(studio, 2);
  expect(asked(client)).toBe(1);
  await until(() => expect(studio.evaluation.store.getState().progress).toBeNull());
  await train(studio, 1);
  expect(asked(client)).toBe(1);
  studio.training.goBack(studio.training.store.getState().snapshots[0]);
  expect(asked(client)).toBe(2);
  await until(() => expect(studio.evaluation.store.getState().latest?.step).toBe(2));
});

test('a visitor who wants to ask is left to', async () => {
  const { studio, client } = await openStudio(disk(), { software: false });
  studio.settings.set({ refreshEvery: 0 });
  await voteOnce(studio);
  await pairPrepared(studio);
  await train(studio, 1);
  studio.training.goBack(null);
  expect(asked(client)).toBe(0);
  studio.evaluation.ask();
  expect(asked(client)).toBe(1);
});

test('one that fails, alone or with its session, is no longer under way', async () => {
  const { studio, client } = await openStudio(disk());
  await voteOnce(studio);
  const { ask, store } = studio.evaluation;
  ask();
  client.emit({ kind: 'request.refused', request: 'evaluation.request', sentence: 'No room.' });
  expect(store.getState().progress).toBeNull();
  ask();
  expect(store.getState().progress).not.toBeNull();
  client.emit({ kind: 'session.failed', code: 'internal', sentence: 'It broke.', remedy: 'Reload.' });
  expect(store.getState().progress).toBeNull();
});
