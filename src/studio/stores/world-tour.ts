/**
 * The world browser: which families there are, and one scene of each as simulated. Nothing is asked for before the
 * visitor opens it.
 */
import { createStore } from 'zustand/vanilla';
import type { PageRequest, WorkerEvent, WorldFamily, WorldShown } from '../../protocol/messages.ts';
import type { SceneSource } from '../../protocol/records.ts';

export type TourSplit = SceneSource['split'];

export interface WorldTourState {
  open: boolean;
  families: readonly WorldFamily[];
  split: TourSplit;
  seed: number;
  /** The scene on show, by family; of another split or seed until the new one is there. */
  shown: Readonly<Record<string, WorldShown>>;
  /** Families whose scene could not be made. */
  refused: string | null;
}

export type WorldTour = ReturnType<typeof createWorldTour>;

export function createWorldTour(send: (request: PageRequest) => void) {
  const store = createStore<WorldTourState>(() => ({
    open: false, families: [], split: 'train', seed: 0, shown: {}, refused: null,
  }));

  function ask() {
    const { families, split, seed } = store.getState();
    store.setState({ refused: null });
    for (const { name } of families) send({ kind: 'world.show', family: name, split, seed });
  }

  return {
    store,
    toggle() {
      const open = !store.getState().open;
      store.setState({ open });
      if (open && store.getState().families.length === 0) send({ kind: 'world.list' });
    },
    choose(split: TourSplit) {
      store.setState({ split });
      ask();
    },
    /** The next scene of every family. */
    next() {
      store.setState({ seed: store.getState().seed + 1 });
      ask();
    },
    receive(event: WorkerEvent) {
      switch (event.kind) {
        case 'world.listed':
          store.setState({ families: event.families });
          ask();
          break;
        case 'world.shown': {
          const { split, seed, shown } = store.getState();
          // What is late belongs to an earlier choice.
          if (event.source.split !== split || event.source.seed !== seed) break;
          store.setState({ shown: { ...shown, [event.source.family]: event } });
          break;
        }
        case 'request.refused':
          if (event.request === 'world.show') store.setState({ refused: event.sentence });
          break;
        default:
          break;
      }
    },
  };
}
