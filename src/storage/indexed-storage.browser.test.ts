import { afterEach, expect, test } from 'vitest';
import type { RunRecord, SnapshotRecord, TrainingStep, VoteAdded } from '../protocol/records.ts';
import { openStorage } from './indexed-storage.ts';
import { StorageError, storageErrorFrom } from './storage-error.ts';

const name = 'studio-test';
const time = '2026-01-01T00:00:00.000Z';
const vote: VoteAdded = {
  kind: 'vote.added',
  id: 'vote-1',
  pairId: 'pair-1',
  time,
  choice: 'left',
  sides: { left: 'a', right: 'b' },
  chosen: 'a',
  reasons: ['contact'],
  latency: 900,
  watched: 1,
  replays: 1,
  input: 'key',
  automatic: false,
  appVersion: '0.1.0',
  modelHash: 'abc',
  generatorStep: 0,
};
const snapshot: SnapshotRecord = {
  id: 'snapshot-1',
  runId: 'run-1',
  time,
  step: 2,
  stage: 'generator',
  reason: 'visitor',
  modelHash: 'abc',
  bytes: 4,
  weights: new Uint8Array([1, 2, 3, 4]),
};
const values: TrainingStep = {
  step: 1,
  stage: 'generator',
  loss: Math.LN2,
  'rewards/chosen': 0,
  'rewards/rejected': 0,
  'rewards/accuracies': 0,
  'rewards/margins': 0,
  errors: { policyChosen: 1, policyRejected: 1, referenceChosen: 1, referenceRejected: 1 },
  gradientNorm: 1,
  learningRate: 1e-4,
  beta: 100,
  voteIds: ['vote-1'],
  milliseconds: 5,
  warmUp: true,
};

afterEach(async () => {
  const storage = await openStorage(name);
  await storage.clear();
  storage.close();
});

test('what was written is there after the database is opened again', async () => {
  const first = await openStorage(name);
  expect(first.durable).toBe(true);
  await first.addVote(vote);
  await first.addVote({ kind: 'vote.removed', id: 'vote-2', removes: 'vote-1', time });
  await first.putSnapshot(snapshot);
  for (const step of [1, 2, 10]) await first.addStep({ runId: 'run-1', step, values: { ...values, step } });
  await first.addStep({ runId: 'run-2', step: 1, values });
  first.close();

  const second = await openStorage(name);
  const found = await second.load();
  expect(found.votes.map((event) => event.id)).toEqual(['vote-1', 'vote-2']);
  expect(found.snapshots).toEqual([snapshot]);
  expect(found.head).toEqual({ snapshotId: 'snapshot-1', runId: 'run-1' });
  expect(found.damaged).toBe(0);
  expect((await second.steps('run-1')).map((step) => step.step)).toEqual([1, 2, 10]);
  expect(await second.steps('run-2')).toHaveLength(1);
  second.close();
});

test('a damaged record is left out and counted', async () => {
  const storage = await openStorage(name);
  await storage.addVote(vote);
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  await new Promise<void>((resolve) => {
    const transaction = database.transaction('votes', 'readwrite');
    transaction.objectStore('votes').add({ kind: 'vote.added', id: 'vote-9' });
    transaction.oncomplete = () => resolve();
  });
  database.close();
  const found = await storage.load();
  expect(found.votes).toEqual([vote]);
  expect(found.damaged).toBe(1);
  storage.close();
});

test('a write that fails rejects with a sentence, and nothing of it stays', async () => {
  const storage = await openStorage(name);
  const unclonable: RunRecord & { poison: () => void } = {
    id: 'run-1',
    time,
    modelHash: 'abc',
    adapter: 'none',
    appVersion: '0.1.0',
    settings: { stage: 'generator', learningRate: 1e-4, beta: 100, pairsPerStep: 1, drawsPerPair: 1 },
    from: null,
    poison: () => undefined,
  };
  await expect(storage.putRun(unclonable)).rejects.toBeInstanceOf(StorageError);
  expect((await storage.load()).runs).toEqual([]);
  await storage.addVote(vote);
  expect((await storage.load()).votes).toHaveLength(1);
  storage.close();
});

test('while one tab stores, a second keeps its work in memory', async () => {
  const first = await openStorage(name);
  const second = await openStorage(name);
  expect([first.durable, second.durable]).toEqual([true, false]);
  expect(second.notice).toMatch(/another tab/);
  await second.addVote(vote);
  expect((await first.load()).votes).toEqual([]);
  first.close();
  const third = await openStorage(name);
  expect(third.durable).toBe(true);
  third.close();
});

test('a closed storage says that it is closed', async () => {
  const storage = await openStorage(name);
  storage.close();
  await expect(storage.addVote(vote)).rejects.toMatchObject({ code: 'closed' });
});

test('the browser exceptions have names that a visitor understands', () => {
  expect(storageErrorFrom(new DOMException('', 'QuotaExceededError')).code).toBe('full');
  expect(storageErrorFrom(new DOMException('', 'SecurityError')).code).toBe('refused');
  expect(storageErrorFrom(new DOMException('', 'InvalidStateError')).code).toBe('closed');
  expect(storageErrorFrom('strange').code).toBe('failed');
});
