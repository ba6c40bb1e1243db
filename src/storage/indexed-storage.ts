/**
 * Storage in IndexedDB.
 *
 * A write resolves only when its transaction is complete with strict durability: the browser has handed the
 * data to the disk. Whatever is read is parsed; a damaged record is left out and counted, never half used.
 * Where the browser gives no storage at all, or another tab has it, `openStorage` answers with one that lives
 * in memory and says so.
 */
import * as v from 'valibot';
import {
  PairRecord,
  RunRecord,
  SnapshotRecord,
  StepRecord,
  VoteEvent,
  type RunId,
} from '../protocol/records.ts';
import { openDatabase, type StudioDatabase } from './database.ts';
import { createMemoryStorage } from './memory-storage.ts';
import { StorageError, storageErrorFrom } from './storage-error.ts';
import type { StudioStorage } from './studio-storage.ts';
import { takeTabLock, type Locks } from './tab-lock.ts';

/** Opens IndexedDB, or memory where the browser refuses or another tab stores. Never rejects. */
export async function openStorage(
  name = 'physmaster-studio',
  locks: Locks | undefined = globalThis.navigator?.locks,
): Promise<StudioStorage> {
  const release = await takeTabLock(name, locks);
  if (release === null) return createMemoryStorage(new StorageError('elsewhere').message);
  try {
    if (typeof indexedDB === 'undefined') throw new StorageError('refused');
    const state = { closed: false };
    const database = await openDatabase(name, () => {
      state.closed = true;
      release();
    });
    return indexedStorage(database, state, release);
  } catch (cause) {
    release();
    const error = cause instanceof StorageError ? cause : new StorageError('refused', cause);
    return createMemoryStorage(error.message);
  }
}

/** Asks the browser to keep this site's data when space gets short. True where it agreed. */
export async function askToPersist(): Promise<boolean> {
  try {
    return (await navigator.storage?.persist?.()) ?? false;
  } catch {
    return false;
  }
}

type StoreName = 'votes' | 'pairs' | 'snapshots' | 'runs' | 'steps' | 'state';

function indexedStorage(
  database: StudioDatabase,
  state: { closed: boolean },
  release: () => void,
): StudioStorage {
  async function write(
    stores: StoreName[],
    work: (transaction: ReturnType<typeof begin>) => Promise<unknown>,
  ): Promise<void> {
    if (state.closed) throw new StorageError('closed');
    try {
      const transaction = begin(stores);
      // A failed request aborts the transaction; awaiting both leaves no rejection unhandled.
      await Promise.all([work(transaction), transaction.done]);
    } catch (cause) {
      throw storageErrorFrom(cause);
    }
  }

  function begin(stores: StoreName[]) {
    return database.transaction(stores, 'readwrite', { durability: 'strict' });
  }

  return {
    durable: true,
    notice: null,
    async load() {
      const transaction = database.transaction(['votes', 'pairs', 'snapshots', 'runs', 'state']);
      const [votes, pairs, snapshots, runs, head] = await Promise.all([
        transaction.objectStore('votes').getAll(),
        transaction.objectStore('pairs').getAll(),
        transaction.objectStore('snapshots').getAll(),
        transaction.objectStore('runs').getAll(),
        transaction.objectStore('state').get('head'),
      ]).catch((cause: unknown) => {
        throw storageErrorFrom(cause);
      });
      const whole = {
        votes: intact(VoteEvent, votes),
        pairs: intact(PairRecord, pairs),
        snapshots: intact(SnapshotRecord, snapshots),
        runs: intact(RunRecord, runs),
      };
      const found = votes.length + pairs.length + snapshots.length + runs.length;
      const kept = whole.votes.length + whole.pairs.length + whole.snapshots.length + whole.runs.length;
      return {
        ...whole,
        pairs: whole.pairs.sort(byTime),
        snapshots: whole.snapshots.sort(byTime),
        runs: whole.runs.sort(byTime),
        head: head ?? { snapshotId: null, runId: null },
        damaged: found - kept,
      };
    },
    async steps(runId) {
      const records = await database.getAll('steps', stepsOf(runId)).catch((cause: unknown) => {
        throw storageErrorFrom(cause);
      });
      return intact(StepRecord, records).map((record) => record.values);
    },
    addVote: (event, pair) =>
      write(['votes', 'pairs'], (transaction) =>
        Promise.all([
          transaction.objectStore('votes').add(event),
          pair ? transaction.objectStore('pairs').put(pair) : null,
        ]),
      ),
    putPair: (record) => write(['pairs'], (transaction) => transaction.objectStore('pairs').put(record)),
    putSnapshot: (record) =>
      write(['snapshots', 'state'], (transaction) =>
        Promise.all([
          transaction.objectStore('snapshots').put(record),
          transaction.objectStore('state').put({ snapshotId: record.id, runId: record.runId }, 'head'),
        ]),
      ),
    deleteSnapshot: (id) =>
      write(['snapshots'], (transaction) => transaction.objectStore('snapshots').delete(id)),
    putRun: (record) => write(['runs'], (transaction) => transaction.objectStore('runs').put(record)),
    addStep: (record) => write(['steps'], (transaction) => transaction.objectStore('steps').put(record)),
    putHead: (head) => write(['state'], (transaction) => transaction.objectStore('state').put(head, 'head')),
    clear: () =>
      write(['votes', 'pairs', 'snapshots', 'runs', 'steps', 'state'], (transaction) =>
        Promise.all([...transaction.objectStoreNames].map((name) => transaction.objectStore(name).clear())),
      ),
    close() {
      database.close();
      release();
    },
  };
}

function stepsOf(runId: RunId): IDBKeyRange {
  return IDBKeyRange.bound([runId, 0], [runId, Number.MAX_SAFE_INTEGER]);
}

function intact<S extends v.GenericSchema>(schema: S, records: unknown[]): v.InferOutput<S>[] {
  return records.flatMap((record) => {
    const result = v.safeParse(schema, record);
    return result.success ? [result.output] : [];
  });
}

function byTime(first: { time: string }, second: { time: string }): number {
  return first.time < second.time ? -1 : first.time > second.time ? 1 : 0;
}
