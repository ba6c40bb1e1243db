/**
 * Labelling: which pair is on the stage, which is on its way, and the log of votes.
 *
 * A vote is stored first and sent to the worker after (`saveAndSend`), so that nothing is learned from a vote
 * that a reload would forget; one that storage refuses is told, and tried again with the next. The stage
 * stays blind: what made a clip shows only in `revealed`.
 */
import { createStore } from 'zustand/vanilla';
import type { EventOf, PairReady, PageRequest, WorkerEvent } from '../../protocol/messages.ts';
import {
  standingVotes,
  type Choice,
  type ClipMetrics,
  type Image,
  type PairId,
  type PairRecord,
  type PairSource,
  type Reason,
  type SamplerSettings,
  type VoteAdded,
  type VoteEvent,
  type VoteId,
} from '../../protocol/records.ts';
import { storageErrorFrom } from '../../storage/storage-error.ts';
import type { StudioStorage } from '../../storage/studio-storage.ts';
import type { Player } from './player.ts';
import type { SaveState } from './save-state.ts';
import { createWriteQueue } from './write-queue.ts';

export type Selection = { kind: 'random' } | { kind: 'fixed'; source: PairSource; still: Image };

/** A pair that was asked for and is not there yet. */
export interface Waiting {
  pairId: PairId;
  description: string;
  /** The first frame, where the page knows it. */
  still: Image | null;
  progress: EventOf<'pair.progress'> | null;
}

export interface Revealed {
  pair: PairReady;
  vote: VoteAdded;
  metrics: { a: ClipMetrics; b: ClipMetrics } | null;
}

export interface LabellingState {
  selection: Selection;
  current: PairReady | null;
  /** The vote on the current pair, once it is cast. */
  voted: VoteAdded | null;
  waiting: Waiting | null;
  /** Pairs that come next on the stage, in this order. */
  upcoming: PairReady[];
  /** Pairs failed again and again: none is asked for until the visitor does. */
  stalled: boolean;
  reasons: Reason[];
  revealed: Revealed | null;
  events: VoteEvent[];
  saves: Record<VoteId, SaveState>;
  /** Pairs that have a vote: what the data page lists and a reload restores. */
  pairs: PairRecord[];
  automatic: { running: boolean; votes: number };
}

export interface LabellingDependencies {
  send(request: PageRequest): void;
  storage(): StudioStorage;
  player: Player;
  /** The next scene to draw at random, with its first frame where it is known. */
  draw(): { source: PairSource; description: string; still: Image | null };
  tell(text: string, tone: 'calm' | 'warning'): void;
  now(): number;
  newId(): string;
  after(milliseconds: number, work: () => void): void;
  advanceByItself(): boolean;
  /** How pairs are sampled; undefined: as the worker does by itself. */
  sampler(): SamplerSettings | undefined;
  appVersion: string;
}

export type Labelling = ReturnType<typeof createLabelling>;

/** How long a voted pair stays on the stage at least, in milliseconds. */
export const dwell = 1200;
/** How many shown pairs undo can put back on the stage. */
const remembered = 6;
/** Pairs that may fail one after another before the page stops to ask for more by itself. */
const mostFailures = 3;

export function createLabelling(dependencies: LabellingDependencies) {
  const { send, player, now } = dependencies;
  const store = createStore<LabellingState>(() => ({
    selection: { kind: 'random' },
    current: null,
    voted: null,
    waiting: null,
    upcoming: [],
    stalled: false,
    reasons: [],
    revealed: null,
    events: [],
    saves: {},
    pairs: [],
    automatic: { running: false, votes: 0 },
  }));
  const get = store.getState;
  const set = store.setState;
  /** Records of pairs without a vote yet. */
  const unvoted = new Map<PairId, PairRecord>();
  const writes = createWriteQueue();
  /** There is a session that makes pairs. */
  let begun = false;
  /** Pairs that failed since the last one that came. */
  let failures = 0;
  let shownAt = 0;
  let votedAt = 0;
  let history: PairReady[] = [];

  function request() {
    const { selection, waiting, upcoming, automatic } = get();
    if (!begun || waiting || upcoming.length > 0 || automatic.running) return;
    const drawn =
      selection.kind === 'random'
        ? dependencies.draw()
        : { source: selection.source, description: '', still: selection.still };
    const pairId: PairId = `pair-${dependencies.newId()}`;
    const { description, still } = drawn;
    set({ waiting: { pairId, description, still, progress: null }, stalled: false });
    send({ kind: 'pair.request', pairId, source: drawn.source, sampler: dependencies.sampler() });
  }

  function show(pair: PairReady) {
    shownAt = now();
    history = [...history.filter((shown) => shown.pairId !== pair.pairId), pair].slice(-remembered);
    set({ current: pair, voted: null, reasons: [] });
    player.load(pair.clips.a.shape[0], pair.clips.a.framesPerSecond);
  }

  /** Puts the next pair on the stage if it is there and the stage is free. */
  function next() {
    const { current, voted, upcoming } = get();
    if (current && !voted) return;
    const [first, ...others] = upcoming;
    if (first) {
      set({ upcoming: others });
      show(first);
    }
    request();
  }

  function nextWhenDue() {
    if (!dependencies.advanceByItself() && get().current) return;
    const due = votedAt + dwell - now();
    if (!get().current || due <= 0) next();
    else dependencies.after(due, () => get().voted && next());
  }

  /** Writes in the order of the log; `tried` is told what came of every try. */
  function keep(work: () => Promise<void>, tried: (saved: boolean) => void = () => undefined) {
    return writes.add(work, (failure) => {
      if (failure !== null) dependencies.tell(storageErrorFrom(failure).message, 'warning');
      tried(failure === null);
    });
  }

  async function saveAndSend(event: VoteEvent, pair: PairRecord | undefined, request: PageRequest) {
    const storage = dependencies.storage();
    set(({ events, saves }) => ({ events: [...events, event], saves: { ...saves, [event.id]: 'saving' } }));
    await keep(() => storage.addVote(event, pair), (saved) => {
      const state: SaveState = !saved ? 'not-saved' : storage.durable ? 'saved' : 'memory';
      set(({ saves }) => ({ saves: { ...saves, [event.id]: state } }));
    });
    send(request);
  }

  function cast(choice: Choice, input: VoteAdded['input'], metrics: Revealed['metrics']) {
    const { current, voted, reasons } = get();
    if (!current || voted) return;
    const watched = player.watched();
    votedAt = now();
    const vote: VoteAdded = {
      kind: 'vote.added',
      id: `vote-${dependencies.newId()}`,
      pairId: current.pairId,
      time: new Date(votedAt).toISOString(),
      choice,
      sides: current.sides,
      chosen: choice === 'left' || choice === 'right' ? current.sides[choice] : null,
      reasons,
      latency: Math.max(0, votedAt - shownAt),
      watched: watched.share,
      replays: watched.replays,
      input,
      automatic: input === 'automatic',
      appVersion: dependencies.appVersion,
      modelHash: current.generator.modelHash,
      generatorStep: current.generator.step,
    };
    const pair = unvoted.get(current.pairId);
    unvoted.delete(current.pairId);
    set(({ pairs }) => ({
      voted: vote,
      revealed: { pair: current, vote, metrics },
      pairs: pair ? [...pairs, pair] : pairs,
    }));
    void saveAndSend(vote, pair, { kind: 'vote.add', vote });
    nextWhenDue();
  }

  function remove(removes: VoteId) {
    const { events } = get();
    if (!standingVotes(events).some((vote) => vote.id === removes)) return;
    const time = new Date(now()).toISOString();
    const event: VoteEvent = { kind: 'vote.removed', id: `vote-${dependencies.newId()}`, removes, time };
    void saveAndSend(event, undefined, { kind: 'vote.remove', voteId: removes });
    if (get().revealed?.vote.id === removes) set({ revealed: null });
  }

  function record(pair: PairRecord) {
    const voted = get().events.some((event) => event.kind === 'vote.added' && event.pairId === pair.id);
    if (!voted) {
      unvoted.set(pair.id, pair);
      return;
    }
    // The vote was faster than the record: it is stored on its own.
    set(({ pairs }) => ({ pairs: [...pairs, pair] }));
    void keep(() => dependencies.storage().putPair(pair));
  }

  function receivePair(pair: PairReady) {
    const { waiting, current, voted, automatic } = get();
    if (pair.automatic) {
      if (automatic.running) show(pair);
      return;
    }
    // A pair that nobody waits for was cancelled on its way.
    if (waiting?.pairId !== pair.pairId) return;
    failures = 0;
    set(({ upcoming }) => ({ waiting: null, upcoming: [...upcoming, pair] }));
    if (!current) next();
    else if (voted) nextWhenDue();
  }

  /** The pair on its way will not come. Where the stage needs one, another is asked for, a few times. */
  function pairFailed() {
    failures += 1;
    set({ waiting: null, selection: { kind: 'random' } });
    const { current, voted } = get();
    if (current && !voted) return;
    if (failures <= mostFailures) request();
    else set({ stalled: true });
  }

  return {
    store,
    remove,
    /** The next pair, for a visitor who does not want to wait for it. */
    next() {
      failures = 0;
      next();
    },
    /** Whether a vote would be lost with the page. */
    unsaved: () => writes.unsaved() > 0 || Object.values(get().saves).includes('memory'),
    /** The session is ready and a scene is known: the first pair is asked for, once. */
    begin() {
      if (begun) return;
      begun = true;
      request();
    },
    restore(events: VoteEvent[], pairs: PairRecord[]) {
      const saves = Object.fromEntries(events.map((event) => [event.id, 'saved' as const]));
      set({ events, pairs, saves });
    },
    vote: (choice: Choice, input: 'key' | 'mouse' | 'touch') => {
      if (!get().automatic.running) cast(choice, input, null);
    },
    toggleReason(reason: Reason) {
      set(({ reasons, voted }) => {
        if (voted) return {};
        const others = reasons.filter((kept) => kept !== reason);
        return { reasons: others.length < reasons.length ? others : [...reasons, reason] };
      });
    },
    /** Takes the last standing vote back, and puts its pair back on the stage where it is still at hand. */
    undo() {
      const last = standingVotes(get().events).at(-1);
      if (!last) return;
      remove(last.id);
      const pair = history.find((shown) => shown.pairId === last.pairId);
      if (!pair || get().automatic.running) return;
      const { current, voted } = get();
      if (current && !voted && current.pairId !== pair.pairId) {
        set(({ upcoming }) => ({ upcoming: [current, ...upcoming] }));
      }
      const stored = get().pairs.find((known) => known.id === pair.pairId);
      if (stored) unvoted.set(stored.id, stored);
      show(pair);
    },
    /** Another source from here on: what was on its way is dropped, the stage waits for the new one. */
    select(selection: Selection) {
      const { waiting, automatic } = get();
      if (automatic.running) {
        dependencies.tell('The automatic voter chooses the scenes: switch it off to choose one.', 'calm');
        return;
      }
      failures = 0;
      if (waiting) send({ kind: 'pair.cancel', pairId: waiting.pairId });
      set({ selection, waiting: null, upcoming: [], current: null, voted: null });
      request();
    },
    startAutomatic(families: readonly string[], firstSeed: number) {
      const { waiting } = get();
      if (waiting) send({ kind: 'pair.cancel', pairId: waiting.pairId });
      set({ automatic: { running: true, votes: 0 }, waiting: null, upcoming: [], stalled: false });
      send({ kind: 'automatic.start', families: [...families], firstSeed });
    },
    stopAutomatic() {
      send({ kind: 'automatic.stop' });
    },
    receive(event: WorkerEvent) {
      switch (event.kind) {
        case 'pair.progress':
          set(({ waiting }) =>
            waiting?.pairId === event.pairId ? { waiting: { ...waiting, progress: event } } : {},
          );
          break;
        case 'pair.ready':
          receivePair(event);
          break;
        case 'pair.record':
          record(event.record);
          break;
        case 'pair.failed':
          if (get().waiting?.pairId === event.pairId) pairFailed();
          break;
        case 'request.refused':
          if (event.request === 'pair.request' && get().waiting) pairFailed();
          break;
        case 'session.failed':
          begun = false;
          set(({ automatic }) => ({
            waiting: null,
            stalled: false,
            automatic: { ...automatic, running: false },
          }));
          break;
        case 'vote.automatic': {
          const { current } = get();
          if (current?.pairId !== event.pairId) break;
          const side = event.chosen === current.sides.left ? 'left' : 'right';
          cast(event.chosen === null ? 'tie' : side, 'automatic', event.metrics);
          break;
        }
        case 'automatic.state':
          set({ automatic: { running: event.running, votes: event.votes } });
          if (!event.running) next();
          break;
        default:
          break;
      }
    },
  };
}
