/** How components reach the studio: one context, and hooks that select from its stores. */
import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { EvaluationState } from './evaluation.ts';
import type { LabellingState } from './labelling.ts';
import type { PlayerState } from './player.ts';
import type { SessionState } from './session.ts';
import type { Settings } from './settings.ts';
import type { Studio } from './studio.ts';
import type { TrainingView } from './training.ts';
import type { WorldTourState } from './world-tour.ts';

export const StudioContext = createContext<Studio | null>(null);

export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (!studio) throw new Error('A component of the studio stands outside of StudioContext.');
  return studio;
}

export function useSession<T>(select: (state: SessionState) => T): T {
  return useStore(useStudio().session.store, select);
}
export function useSettings<T>(select: (state: Settings) => T): T {
  return useStore(useStudio().settings.store, select);
}
export function usePlayer<T>(select: (state: PlayerState) => T): T {
  return useStore(useStudio().player.store, select);
}
export function useLabelling<T>(select: (state: LabellingState) => T): T {
  return useStore(useStudio().labelling.store, select);
}
export function useTraining<T>(select: (state: TrainingView) => T): T {
  return useStore(useStudio().training.store, select);
}
export function useEvaluation<T>(select: (state: EvaluationState) => T): T {
  return useStore(useStudio().evaluation.store, select);
}
export function useWorldTour<T>(select: (state: WorldTourState) => T): T {
  return useStore(useStudio().worldTour.store, select);
}

/** The player's frame, for canvases that draw themselves. */
export function useFrameSource(): { frame(): number; listen(listener: () => void): () => void } {
  return useStudio().player.frames;
}
