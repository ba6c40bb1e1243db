/**
 * Before and after: the same held-out scenes and seeds through the reference and the policy.
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
  let lastAsked = 0;

  function ask(step: number) {
    if (store.getState().progress) return;
    lastAsked = step;
    store.setState({ progress: { done: 0, total: 2 * evaluatedScenes } });
    send({ kind: 'evaluation.request', scenes: evaluatedScenes });
  }

  return {
    store,
    ask,
    receive(event: WorkerEvent) {
      switch (event.kind) {
        case 'evaluation.progress':
          store.setState({ progress: { done: event.done, total: event.total } });
          break;
        case 'evaluation.ready':
          store.setState({ latest: event, progress: null });
          break;
        case 'training.step': {
          const every = refreshEvery();
          if (every > 0 && event.values.step - lastAsked >= every) ask(event.values.step);
          break;
        }
        case 'snapshot.restored':
          lastAsked = event.step;
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
