/**
 * What a storage of votes, pairs, snapshots, runs and steps can do. Two keep this contract:
 * indexed-storage.ts (the browser's disk) and memory-storage.ts (nothing outlives the page). Writes reject
 * with StorageError.
 */
import type {
  PairRecord,
  RunId,
  RunRecord,
  SnapshotId,
  SnapshotRecord,
  StepRecord,
  TrainingStep,
  VoteEvent,
} from '../protocol/records.ts';

/** Where the weights stand: the snapshot last taken or gone back to; null: the pretrained weights. */
export interface Head {
  snapshotId: SnapshotId | null;
  runId: RunId | null;
}

/** Everything that a studio finds again after a reload. */
export interface StoredStudio {
  votes: VoteEvent[];
  pairs: PairRecord[];
  snapshots: SnapshotRecord[];
  runs: RunRecord[];
  head: Head;
  /** Records that were there but could not be read. */
  damaged: number;
}

export interface StudioStorage {
  /** False: in memory only, `notice` says why. */
  readonly durable: boolean;
  readonly notice: string | null;
  load(): Promise<StoredStudio>;
  /** All steps of one run, in order. */
  steps(runId: RunId): Promise<TrainingStep[]>;
  /** Stores a label event and, in the same transaction, the pair that it is about. */
  addVote(event: VoteEvent, pair?: PairRecord): Promise<void>;
  putPair(record: PairRecord): Promise<void>;
  /** Stores a snapshot and moves the head to it, in one transaction. */
  putSnapshot(record: SnapshotRecord): Promise<void>;
  deleteSnapshot(id: SnapshotId): Promise<void>;
  putRun(record: RunRecord): Promise<void>;
  addStep(record: StepRecord): Promise<void>;
  putHead(head: Head): Promise<void>;
  clear(): Promise<void>;
  close(): void;
}
