/**
 * Training as the page sees it: steps, settings, runs, snapshots and alarms, each stored as it comes.
 *
 * A run is a line of steps of one stage from one starting point, within one visit. Going back to a snapshot,
 * a reload or another stage starts another run, which shares the steps up to there; `lineage` puts the line
 * together again. Stored steps are never dropped: other snapshots may stand on them.
 */
import { createStore } from 'zustand/vanilla';
import type { AlarmRaised, PageRequest, TrainingState, WorkerEvent } from '../../protocol/messages.ts';
import type {
  RunId,
  RunRecord,
  SnapshotId,
  SnapshotRecord,
  TrainingSettings,
  TrainingStep,
} from '../../protocol/records.ts';
import { storageErrorFrom } from '../../storage/storage-error.ts';
import type { Head, StudioStorage } from '../../storage/studio-storage.ts';
import type { SaveState } from './save-state.ts';

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
  saves: Record<SnapshotId, SaveState>;
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

/** Whether steps are wanted: training runs, or waits for something that passes by itself. */
export function trains({ state, reason }: Pick<TrainingView, 'state' | 'reason'>): boolean {
  if (state !== 'paused') return state !== 'idle';
  return reason !== null && !['visitor', 'steps-taken', 'alarm'].includes(reason);
}

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
    saves: {},
    head: { snapshotId: null, runId: null },
    alarms: [],
  }));
  const get = store.getState;
  const set = store.setState;
  /** The snapshot that the worker was asked to go back to. */
  let restoring: SnapshotId | null = null;
  /** How often the weights have gone elsewhere: what was read for an earlier place is of no use any more. */
  let moves = 0;

  function keep(work: Promise<void>) {
    work.catch((cause: unknown) => dependencies.tell(storageErrorFrom(cause).message, 'warning'));
  }

  /** The run that a step belongs to; a new one where the last ended. */
  function runFor(values: TrainingStep, settings: TrainingSettings): RunId {
    const { runId, head, snapshots, runs } = get();
    const current = runs.find((run) => run.id === runId);
    if (current && current.settings.stage === values.stage) return current.id;
    const from = snapshots.find((snapshot) => snapshot.id === head.snapshotId);
    const run: RunRecord = {
      id: `run-${dependencies.newId()}`,
      time: new Date(dependencies.now()).toISOString(),
      ...dependencies.circumstances(),
      settings: { ...settings, stage: values.stage },
      from: from ? { snapshotId: from.id, runId: from.runId, step: from.step } : null,
    };
    set({ runs: [...runs, run], runId: run.id });
    keep(dependencies.storage().putRun(run));
    return run.id;
  }

  function step(values: TrainingStep) {
    const { settings, steps } = get();
    if (!settings) return;
    const runId = runFor(values, settings);
    set({ steps: [...steps.filter((taken) => taken.step < values.step), values] });
    keep(dependencies.storage().addStep({ runId, step: values.step, values }));
  }

  async function snapshotTaken(taken: SnapshotRecord) {
    const { runId, head } = get();
    // Right after going back there is no run yet: the weights are still those of the run gone back to.
    const snapshot = { ...taken, runId: taken.runId ?? runId ?? head.runId };
    set(({ snapshots, saves }) => ({
      snapshots: [...snapshots, snapshot],
      saves: { ...saves, [snapshot.id]: 'saving' },
      head: { snapshotId: snapshot.id, runId: snapshot.runId },
    }));
    const storage = dependencies.storage();
    let state: SaveState = storage.durable ? 'saved' : 'memory';
    try {
      await storage.putSnapshot(snapshot);
    } catch (cause) {
      state = 'not-saved';
      dependencies.tell(storageErrorFrom(cause).message, 'warning');
    }
    set(({ saves }) => ({ saves: { ...saves, [snapshot.id]: state } }));
    prune();
  }

  /** Lets the oldest automatic snapshots go. Those that are stored give way to stored ones only. */
  function prune() {
    const { snapshots, saves, head } = get();
    const automatic = snapshots.filter((known) => known.reason === 'automatic');
    const unsaved = automatic.filter((known) => saves[known.id] === 'not-saved');
    const stored = automatic.filter((known) => saves[known.id] === 'saved' || saves[known.id] === 'memory');
    const surplus = [stored, unsaved]
      .flatMap((known) => known.slice(0, -keptAutomatic))
      .filter((known) => known.id !== head.snapshotId && known.id !== restoring);
    set({ snapshots: snapshots.filter((known) => !surplus.includes(known)) });
    for (const old of surplus) {
      if (!unsaved.includes(old)) keep(dependencies.storage().deleteSnapshot(old.id));
    }
  }

  /** The weights are those of a snapshot now, or with null the pretrained ones. */
  async function wentBack(id: SnapshotId | null, toStep: number) {
    if (restoring === id) restoring = null;
    moves += 1;
    const move = moves;
    const { snapshots, runs, steps } = get();
    const head: Head = {
      snapshotId: id,
      runId: snapshots.find((known) => known.id === id)?.runId ?? null,
    };
    // What is on the page is right where it is the same line, and stands in until the line is read.
    const kept = id === null ? [] : steps.filter((taken) => taken.step <= toStep);
    set({ head, runId: null, cursor: null, steps: kept });
    prune();
    keep(dependencies.storage().putHead(head));
    try {
      const line = await lineage(dependencies.storage(), head, snapshots, runs);
      if (move !== moves) return;
      set((view) => ({ steps: [...line, ...view.steps.filter((taken) => taken.step > toStep)] }));
    } catch (cause) {
      dependencies.tell(storageErrorFrom(cause).message, 'warning');
    }
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
      set({ settings: next });
      send({ kind: 'training.configure', settings: next });
      // The run keeps them for the next visit. Steps of another stage begin another run by themselves.
      const run = get().runs.find((known) => known.id === get().runId);
      if (!run) return;
      const configured = { ...run, settings: { ...next, stage: run.settings.stage } };
      set(({ runs }) => ({ runs: runs.map((known) => (known === run ? configured : known)) }));
      keep(dependencies.storage().putRun(configured));
    },
    snapshot: () => send({ kind: 'snapshot.take' }),
    /** Back to a snapshot, or with null to the pretrained weights. */
    goBack(snapshot: SnapshotRecord | null) {
      restoring = snapshot?.id ?? null;
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
      const saves = Object.fromEntries(snapshots.map(({ id }) => [id, 'saved' as const]));
      set({ runs, snapshots, saves, head, steps, runId: null });
    },
    receive(event: WorkerEvent) {
      switch (event.kind) {
        case 'session.ready':
          set({ settings: event.training });
          // The stored weights did not fit the model: what was trained before is another line.
          if (event.snapshotId !== get().head.snapshotId) {
            set({ steps: [], head: { snapshotId: null, runId: null } });
          }
          break;
        case 'session.failed':
          set({ state: 'idle', reason: 'visitor' });
          break;
        case 'training.state':
          set({ state: event.state, reason: event.reason, usableVotes: event.usableVotes });
          break;
        case 'training.step':
          step(event.values);
          break;
        case 'snapshot.ready':
          void snapshotTaken(event.snapshot);
          break;
        case 'snapshot.restored':
          void wentBack(event.id, event.step);
          dependencies.tell(
            event.id === null ? 'Back to the pretrained weights.' : `Back to step ${event.step}.`,
            'calm',
          );
          break;
        case 'request.refused':
          if (event.request === 'snapshot.restore') restoring = null;
          break;
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
 * Steps behind the snapshot belong to other lines, or were lost with the page that took them.
 */
export async function lineage(
  storage: StudioStorage,
  head: Head,
  snapshots: SnapshotRecord[],
  runs: RunRecord[],
): Promise<TrainingStep[]> {
  const snapshot = snapshots.find((known) => known.id === head.snapshotId);
  if (!snapshot?.runId) return [];
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
