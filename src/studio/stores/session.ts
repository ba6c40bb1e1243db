/**
 * The session as the page sees it: how far loading is, what runs it, what failed, what the visitor is told.
 */
import { createStore } from 'zustand/vanilla';
import type {
  EventOf, KernelsTuned, ModelCard, PageRequest, ProfileReady, SceneListed, WorkerEvent,
} from '../../protocol/messages.ts';

export interface Notice {
  id: number;
  tone: 'calm' | 'warning';
  text: string;
}

export interface SessionState {
  status: 'loading' | 'ready' | 'failed';
  progress: EventOf<'session.progress'> | null;
  adapter: string;
  software: boolean;
  /** Why the processor does a GPU's work, as half a sentence; null where a GPU does. */
  noGpu: string | null;
  /** What was measured of the kernels; null until then. */
  tuned: KernelsTuned | null;
  /** Where the GPU's time goes; null until it was asked for. */
  profile: ProfileReady | null;
  /** Pieces of the model timed so far, while they are. */
  profiling: { done: number; of: number } | null;
  modelHash: string;
  card: ModelCard | null;
  failure: EventOf<'session.failed'> | null;
  /** A sentence while the device is lost and being recovered. */
  deviceLost: string | null;
  /** Scenes listed so far, in the order of their seeds: the gallery shows some of the first, random draws on. */
  scenes: SceneListed['scenes'];
  storage: { durable: boolean; notice: string | null; kept: boolean };
  notices: Notice[];
}

const beforeTheModel = ['free-fall'];

/** Families of scenes that the model was trained on; the first one until it is known. */
export function familiesOf({ card }: Pick<SessionState, 'card'>): readonly string[] {
  return card?.families ?? beforeTheModel;
}

/** The scenes to show as thumbnails: families in turn, each from its first scene on. */
export function galleryOf(scenes: SessionState['scenes'], count: number): SessionState['scenes'] {
  const turns = new Map<string, number>();
  const ranked = scenes.map((scene) => {
    const turn = turns.get(scene.source.family) ?? 0;
    turns.set(scene.source.family, turn + 1);
    return { scene, turn };
  });
  return ranked.toSorted((a, b) => a.turn - b.turn).slice(0, count).map(({ scene }) => scene);
}

export type SessionStore = ReturnType<typeof createSessionStore>;

/** How much of the model is there, from 0 to 1: what follows the weights takes a moment only. */
export function loadedShare(progress: SessionState['progress']): number {
  if (!progress || progress.phase === 'device' || progress.phase === 'world') return 0;
  if (progress.phase !== 'weights') return 1;
  return progress.totalBytes > 0 ? progress.loadedBytes / progress.totalBytes : 0;
}

export function createSessionStore(send: (request: PageRequest) => void) {
  const store = createStore<SessionState>(() => ({
    status: 'loading',
    progress: null,
    adapter: '',
    software: false,
    noGpu: null,
    tuned: null,
    profile: null,
    profiling: null,
    modelHash: '',
    card: null,
    failure: null,
    deviceLost: null,
    scenes: [],
    storage: { durable: true, notice: null, kept: false },
    notices: [],
  }));
  let notices = 0;

  function tell(text: string, tone: Notice['tone'] = 'calm') {
    const known = store.getState().notices;
    if (known.some((notice) => notice.text === text)) return;
    notices += 1;
    store.setState({ notices: [...known, { id: notices, tone, text }] });
  }

  return {
    store,
    tell,
    /** The model's card, as soon as there is one. */
    async card(): Promise<ModelCard> {
      const known = store.getState().card;
      if (known) return known;
      return new Promise((resolve) => {
        const stop = store.subscribe(({ card }) => {
          if (!card) return;
          stop();
          resolve(card);
        });
      });
    },
    /** Has every kernel timed; once at a time. */
    profile() {
      if (store.getState().profiling !== null) return;
      store.setState({ profiling: { done: 0, of: 0 } });
      send({ kind: 'profile.request' });
    },
    dismiss(id: number) {
      store.setState(({ notices: known }) => ({ notices: known.filter((notice) => notice.id !== id) }));
    },
    receive(event: WorkerEvent) {
      switch (event.kind) {
        case 'session.progress':
          store.setState({ progress: event });
          break;
        case 'session.ready':
          store.setState({
            status: 'ready',
            adapter: event.adapter,
            software: event.software,
            noGpu: event.noGpu,
            modelHash: event.modelHash,
            card: event.card,
          });
          break;
        case 'session.failed':
          store.setState({ status: 'failed', failure: event, deviceLost: null });
          break;
        case 'kernels.tuned':
          store.setState({ tuned: event });
          break;
        case 'profile.progress':
          store.setState({ profiling: { done: event.done, of: event.of } });
          break;
        case 'profile.ready':
          store.setState({ profile: event, profiling: null });
          break;
        case 'scene.listed':
          store.setState(({ scenes }) => ({ scenes: [...scenes, ...event.scenes] }));
          break;
        case 'device.lost':
          store.setState({ deviceLost: event.sentence });
          break;
        case 'device.recovered':
          store.setState({ deviceLost: null });
          tell(
            event.stepsRedone > 0
              ? 'The GPU is back. One training step was done again; nothing else was lost.'
              : 'The GPU is back. Nothing was lost.',
          );
          break;
        case 'request.refused':
          if (event.request === 'profile.request') store.setState({ profiling: null });
          tell(event.sentence, 'warning');
          break;
        case 'device.faulted':
          tell(event.sentence, 'warning');
          break;
        case 'pair.failed':
          tell(event.sentence, 'warning');
          break;
        default:
          break;
      }
    },
  };
}
