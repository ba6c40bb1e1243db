// What `npm run evaluate` prints: the request beside its results.
import type { SceneEvaluation } from '../src/learning/evaluation.ts';
import type { EvaluateAnswer, EvaluateRequest } from './headless/page.ts';

/** An evaluation as JSON; metrics that are not defined become null there. */
export interface EvaluationReport {
  adapter: string;
  size: string;
  family: string;
  split: string;
  firstSeed: number;
  clips: number;
  results: Pick<SceneEvaluation, 'model' | 'floor' | 'still'>;
  /** Peak signal-to-noise ratio of the autoencoder's reconstruction, in decibels. */
  reconstruction: SceneEvaluation['reconstruction'];
}

/** Puts a report together. */
export function evaluationReport(request: EvaluateRequest, answer: EvaluateAnswer): EvaluationReport {
  const { size, family, split, firstSeed, clips } = request;
  const { adapter, model, floor, still, reconstruction } = answer;
  return { adapter, size, family, split, firstSeed, clips, results: { model, floor, still }, reconstruction };
}
