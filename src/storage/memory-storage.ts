/**
 * Storage that lives in memory: where the browser refuses to store or another tab does, and in tests that
 * have no browser. It forgets everything with the page, and its `notice` says so.
 */
import type {
  PairRecord,
  RunRecord,
  SnapshotRecord,
  StepRecord,
  VoteEvent,
} from '../protocol/records.ts';
import type { Head, StudioStorage } from './studio-storage.ts';

/** A StudioStorage without a disk. `notice` is the sentence that the visitor reads. */
export function createMemoryStorage(notice: string): StudioStorage {
  const votes: VoteEvent[] = [];
  const pairs = new Map<string, PairRecord>();
  const snapshots = new Map<string, SnapshotRecord>();
  const runs = new Map<string, RunRecord>();
  let steps: StepRecord[] = [];
  let head: Head = { snapshotId: null, runId: null };
  return {
    durable: false,
    notice,
    load: async () => ({
      votes: [...votes],
      pairs: [...pairs.values()],
      snapshots: [...snapshots.values()],
      runs: [...runs.values()],
      head,
      damaged: 0,
    }),
    steps: async (runId) =>
      steps
        .filter((record) => record.runId === runId)
        .sort((first, second) => first.step - second.step)
        .map((record) => record.values),
    addVote: async (event, pair) => {
      votes.push(event);
      if (pair) pairs.set(pair.id, pair);
    },
    putPair: async (record) => void pairs.set(record.id, record),
    putSnapshot: async (record) => {
      snapshots.set(record.id, record);
      head = { snapshotId: record.id, runId: record.runId };
    },
    deleteSnapshot: async (id) => void snapshots.delete(id),
    putRun: async (record) => void runs.set(record.id, record),
    addStep: async (record) => {
      steps = steps.filter((kept) => kept.runId !== record.runId || kept.step !== record.step);
      steps.push(record);
    },
    putHead: async (next) => {
      head = next;
    },
    clear: async () => {
      votes.length = 0;
      for (const records of [pairs, snapshots, runs]) records.clear();
      steps = [];
      head = { snapshotId: null, runId: null };
    },
    close: () => undefined,
  };
}
