/**
 * Training as the page sees it: steps, settings, runs, snapshots and alarms, each stored as it comes.
 *
 * A run is a line of steps from one starting point. Going back to a snapshot starts another run, which shares
 * the steps up to there; `lineage` puts the line together again.
 */
import { createStore } from 'zustand/vanilla';
import type { AlarmRaised, PageRequest, TrainingState, WorkerEvent } from '../../protocol/messages.ts';
import type {
  RunId,
  RunRecord,
  SnapshotRecord,
  TrainingSettings,
  TrainingStep,
} from '../../protocol/records.ts';
import { storageErrorFrom } from '../../storage/storage-error.ts';
import type { Head, StudioStorage } from '../../storage/studio-storage.ts';

export interface TrainingView {
  state: TrainingState['state'];
  reason: TrainingState['reason'];
  usableVotes: number;
  settings: TrainingSettings | null;
  /** The line of steps that led to the weights as they are. */
  steps: TrainingStep[];
  /** The step under the cursor in the charts; null: the last one. */
  cursor: number | null;
  runId: RunId | null;
  runs: RunRecord[];
  snapshots: SnapshotRecord[];
  head: Head;
  alarms: AlarmRaised[];
}

export interface TrainingDependencies {
  send(request: PageRequest): void;
  storage(): StudioStorage;
  tell(text: string, tone: 'calm' | 'warning'): void;
  now(): number;
  newId(): string;
  /** What a run's record says of its circumstances. */
  circumstances(): { modelHash: string; adapter: string; appVersion: string };
}

export type Training = ReturnType<typeof createTraining>;

/** Automatic snapshots that are kept besides the visitor's own. */
const keptAutomatic = 3;

export function createTraining(dependencies: TrainingDependencies) {
  const { send } = dependencies;
  const store = createStore<TrainingView>(() => ({
    state: 'idle',
    reason: 'no-votes',
    usableVotes: 0,
    settings: null,
    steps: [],
    cursor: null,
    runId: null,
    runs: [],
    snapshots: [],
    head: { snapshotId: null, runId: null },
    alarms: [],
  }));
  const get = store.getState;
  const set = store.setState;

  function keep(work: Promise<void>) {
    work.catch((cause: unknown) => dependencies.tell(storageErrorFrom(cause).message, 'warning'));
  }

  /** The run that a step belongs to; a new one where the last ended. */
  function runFor(settings: TrainingSettings): RunId {
    const { runId, head, snapshots } = get();
    if (runId) return runId;
    const from = snapshots.find((snapshot) => snapshot.id === head.snapshotId);
    const run: RunRecord = {
      id: `run-${dependencies.newId()}`,
      time: new Date(dependencies.now()).toISOString(),
      ...dependencies.circumstances(),
      settings,
      from: from ? { snapshotId: from.id, runId: from.runId, step: from.step } : null,
    };
    set(({ runs }) => ({ runs: [...runs, run], runId: run.id }));
    keep(dependencies.storage().putRun(run));
    return run.id;
  }

  function step(values: TrainingStep) {
    const { settings, steps } = get();
    if (!settings) return;
    const runId = runFor(settings);
    set({ steps: [...steps.filter((taken) => taken.step < values.step), values] });
    keep(dependencies.storage().addStep({ runId, step: values.step, values }));
  }

  function snapshotTaken(taken: SnapshotRecord) {
    const snapshot = { ...taken, runId: get().runId };
    const kept = [...get().snapshots, snapshot];
    const surplus = kept.filter((known) => known.reason === 'automatic').slice(0, -keptAutomatic);
    const head: Head = { snapshotId: snapshot.id, runId: snapshot.runId };
    set({ snapshots: kept.filter((known) => !surplus.includes(known)), head });
    const storage = dependencies.storage();
    keep(storage.putSnapshot(snapshot));
    for (const old of surplus) keep(storage.deleteSnapshot(old.id));
  }

  return {
    store,
    start: () => send({ kind: 'training.start' }),
    pause: () => send({ kind: 'training.pause' }),
    take: (steps: number) => send({ kind: 'training.take', steps }),
    configure(change: Partial<TrainingSettings>) {
      const { settings } = get();
      if (!settings) return;
      const next = { ...settings, ...change };
      // Another part of the model is trained from here on: another run.
      set(next.stage === settings.stage ? { settings: next } : { settings: next, runId: null });
      send({ kind: 'training.configure', settings: next });
    },
    snapshot: () => send({ kind: 'snapshot.take' }),
    /** Back to a snapshot, or with null to the pretrained weights. */
    goBack(snapshot: SnapshotRecord | null) {
      send({ kind: 'training.pause' });
      send({ kind: 'snapshot.restore', snapshot });
    },
    point(cursor: number | null) {
      if (get().cursor !== cursor) set({ cursor });
    },
    dismissAlarm: (alarm: AlarmRaised) =>
      set(({ alarms }) => ({ alarms: alarms.filter((known) => known !== alarm) })),
    restore(found: { runs: RunRecord[]; snapshots: SnapshotRecord[]; head: Head; steps: TrainingStep[] }) {
      const { runs, snapshots, head, steps } = found;
      set({ runs, snapshots, head, steps, runId: head.runId });
    },
    receive(event: WorkerEvent) {
      switch (event.kind) {
        case 'session.ready':
          set({ settings: event.training });
          break;
        case 'training.state':
          set({ state: event.state, reason: event.reason, usableVotes: event.usableVotes });
          break;
        case 'training.step':
          step(event.values);
          break;
        case 'snapshot.ready':
          snapshotTaken(event.snapshot);
          break;
        case 'snapshot.restored': {
          const head: Head = {
            snapshotId: event.id,
            runId: get().snapshots.find((known) => known.id === event.id)?.runId ?? null,
          };
          const steps = get().steps.filter((taken) => taken.step <= event.step);
          set({ head, runId: null, cursor: null, steps: event.id === null ? [] : steps });
          keep(dependencies.storage().putHead(head));
          dependencies.tell(
            event.id === null ? 'Back to the pretrained weights.' : `Back to step ${event.step}.`,
            'calm',
          );
          break;
        }
        case 'alarm.raised':
          set(({ alarms }) => ({ alarms: [...alarms, event].slice(-5) }));
          break;
        default:
          break;
      }
    },
  };
}

/**
 * The steps that led to `head`: those of its run up to its snapshot, after those of the runs it came from.
 * Steps behind the snapshot were lost with the page that took them, and are dropped from storage.
 */
export async function lineage(
  storage: StudioStorage,
  head: Head,
  snapshots: SnapshotRecord[],
  runs: RunRecord[],
): Promise<TrainingStep[]> {
  const snapshot = snapshots.find((known) => known.id === head.snapshotId);
  if (!snapshot?.runId) return [];
  await storage.dropStepsAfter(snapshot.runId, snapshot.step);
  let steps: TrainingStep[] = [];
  let runId: RunId | null = snapshot.runId;
  let until = snapshot.step;
  const walked = new Set<RunId>();
  while (runId && !walked.has(runId)) {
    walked.add(runId);
    const last = until;
    const ownSteps = await storage.steps(runId);
    steps = [...ownSteps.filter((step) => step.step <= last), ...steps];
    const from: RunRecord['from'] | undefined = runs.find((run) => run.id === runId)?.from;
    runId = from?.runId ?? null;
    until = from?.step ?? 0;
  }
  return steps;
}
