/**
 * The IndexedDB schema: one object store a kind of record.
 *
 * Votes are an append-only log with an ascending key. Records are keyed by their own ids, steps by run and
 * step. `state` holds single values: which snapshot the weights stand at. Nothing is checked here;
 * indexed-storage.ts parses what it reads.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type {
  PairRecord,
  RunRecord,
  SnapshotRecord,
  StepRecord,
  VoteEvent,
} from '../protocol/records.ts';
import type { Head } from './studio-storage.ts';

export interface StudioSchema extends DBSchema {
  votes: { key: number; value: VoteEvent };
  pairs: { key: string; value: PairRecord };
  snapshots: { key: string; value: SnapshotRecord };
  runs: { key: string; value: RunRecord };
  steps: { key: [string, number]; value: StepRecord };
  state: { key: string; value: Head };
}

export type StudioDatabase = IDBPDatabase<StudioSchema>;

/** Opens the database, creating it where needed. Rejects with the browser's own DOMException. */
export function openDatabase(name: string, onClosed: () => void): Promise<StudioDatabase> {
  return openDB<StudioSchema>(name, 1, {
    upgrade(database) {
      database.createObjectStore('votes', { autoIncrement: true });
      database.createObjectStore('pairs', { keyPath: 'id' });
      database.createObjectStore('snapshots', { keyPath: 'id' });
      database.createObjectStore('runs', { keyPath: 'id' });
      database.createObjectStore('steps', { keyPath: ['runId', 'step'] });
      database.createObjectStore('state');
    },
    blocking(_current, _blocked, event) {
      // Another tab wants a newer schema: give way rather than hold it up.
      if (event.target instanceof IDBDatabase) event.target.close();
      onClosed();
    },
    terminated: onClosed,
  });
}
