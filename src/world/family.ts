// What every family of scenes is: how a scene is drawn, how it moves, when it is good enough to show, and the law
// it obeys. The first frame determines the motion: things start from rest, or show what sets them going.

import { Random } from '../math/random.ts';
import type { SimulationOptions } from './rigid-bodies.ts';
import type { Domain, Scene, Trajectory } from './scene.ts';
import { sceneStream, type Split } from './splits.ts';

/** Redraws after which a seed is given up as an error; in practice a few are needed. */
const attemptLimit = 2000;

/** One labelled thing through a clip, as a tracker sees it: arrays with a value a frame, NaN where it is not seen. */
export interface Track {
  readonly label: number;
  /** Centre of the mask, in metres, at the depth where the thing starts. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Pixels of the mask, in square metres at that depth. */
  readonly area: Float64Array;
  /** Mean colour over the mask, linear RGB, [frames * 3]. */
  readonly colour: Float64Array;
}

/** A law as one number that can be measured on any clip of a scene, real or generated. */
export interface Law {
  /** One sentence for people. */
  readonly sentence: string;
  /** What is measured, with its unit. */
  readonly quantity: string;
  /** By the closed form, from the scene alone. */
  expected(scene: Scene): number;
  /** From tracks of the labelled things in the order of their labels; NaN when they do not show it. */
  measured(scene: Scene, tracks: readonly Track[]): number;
}

/** A scene without what `findScene` knows itself. */
export type SceneDraft = Omit<Scene, 'family' | 'domain' | 'split' | 'seed' | 'attempt'>;

export interface Family {
  /** kebab-case; the name in commands and files. */
  readonly name: string;
  readonly title: string;
  readonly domain: Domain;
  /** Tells its random streams from other families' (0 .. 255); never changes. */
  readonly number: number;
  readonly law: Law;
  /** One draw, good or not; null when it is seen at once to be no good. */
  draw(split: Split, random: Random): SceneDraft | null;
  simulate(scene: Scene, options?: SimulationOptions): Trajectory;
  /** Whether everything shows that should. */
  isGood(scene: Scene, trajectory: Trajectory): boolean;
}

/**
 * The scene of a seed, and its motion.
 * @throws Error when no good scene is found, which no seed in use does
 */
export function findScene(
  family: Family, split: Split, seed: number,
): { scene: Scene; trajectory: Trajectory } {
  for (let attempt = 0; attempt < attemptLimit; attempt++) {
    const scene = drawScene(family, split, seed, attempt);
    if (!scene) continue;
    const trajectory = family.simulate(scene);
    if (family.isGood(scene, trajectory)) return { scene, trajectory };
  }
  throw new Error(`No good ${family.name} scene for ${split} seed ${seed} in ${attemptLimit} attempts.`);
}

/** One attempt at the scene of a seed, good or not. */
export function drawScene(family: Family, split: Split, seed: number, attempt: number): Scene | null {
  const draft = family.draw(split, new Random(seed, sceneStream(split, attempt, family.number)));
  return draft && { family: family.name, domain: family.domain, split, seed, attempt, ...draft };
}
