/**
 * Before and after: the same held-out scenes and seeds through the reference and the policy.
 *
 * Asked for by the visitor, and by itself when there is time for it or the weights have changed by much.
 * Pairs overtake it on the worker's lane.
 */
import { createStore } from 'zustand/vanilla';
import type { EvaluationReady, PageRequest, WorkerEvent } from '../../protocol/messages.ts';

export interface EvaluationState {
  latest: EvaluationReady | null;
  /** Set while one is under way. */
  progress: { done: number; total: number } | null;
}

export type Evaluation = ReturnType<typeof createEvaluation>;

export const evaluatedScenes = 4;

/** `refreshEvery` answers after how many training steps to evaluate again; 0: only when asked. */
export function createEvaluation(send: (request: PageRequest) => void, refreshEvery: () => number) {
  const store = createStore<EvaluationState>(() => ({ latest: null, progress: null }));
  /** Training steps behind the weights. */
  let step = 0;
  /** Of the weights that were evaluated last; null: none were. */
  let lastAsked: number | null = null;

  function ask() {
    if (store.getState().progress) return;
    lastAsked = step;
    store.setState({ progress: { done: 0, total: 2 * evaluatedScenes } });
    send({ kind: 'evaluation.request', scenes: evaluatedScenes });
  }

  /** Asks for the first one, once there is time for it. */
  function begin() {
    if (lastAsked === null && refreshEvery() > 0) ask();
  }

  return {
    store,
    ask,
    begin,
    receive(event: WorkerEvent) {
      switch (event.kind) {
        case 'session.ready':
          step = event.step;
          break;
        case 'session.failed':
          store.setState({ progress: null });
          break;
        case 'evaluation.progress':
          store.setState({ progress: { done: event.done, total: event.total } });
          break;
        case 'evaluation.ready':
          store.setState({ latest: event, progress: null });
          break;
        case 'training.state':
          if (event.state === 'warming-up' || event.state === 'running') begin();
          break;
        case 'training.step': {
          step = event.values.step;
          const every = refreshEvery();
          if (every > 0 && step - (lastAsked ?? 0) >= every) ask();
          break;
        }
        case 'snapshot.restored':
          step = event.step;
          if (refreshEvery() > 0) ask();
          break;
        case 'request.refused':
          if (event.request === 'evaluation.request') store.setState({ progress: null });
          break;
        default:
          break;
      }
    },
  };
}
