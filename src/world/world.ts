// The world as others use it: load Rapier once, then scene -> trajectory -> clip. Runs in Node, in a page and
// in a worker. The same family, split and seed give the same bytes everywhere.

import RAPIER from '@dimforge/rapier3d-compat';
import { families } from './families.ts';
import { findScene, type Family } from './family.ts';
import { renderClip } from './renderer.ts';
import type { SimulationOptions } from './rigid-bodies.ts';
import type { Clip, Scene, Split, Trajectory } from './scene.ts';

/** kebab-case, as in commands and files. */
export type FamilyName = string;
export const familyNames: readonly FamilyName[] = families.map(({ name }) => name);

export interface World {
  /** The scene of a seed (0 .. 2^53 - 1); the same arguments always give the same scene. */
  scene(family: FamilyName, split: Split, seed: number): Scene;
  /** Poses of what moves at 25 frames. */
  simulate(scene: Scene, options?: SimulationOptions): Trajectory;
  /** Frames, masks and depth; `side` is that of the picture in pixels, 64 without it. */
  render(scene: Scene, trajectory: Trajectory, side?: number): Clip;
}

let ready: Promise<void> | null = null;

/** The family of a name. Throws RangeError when there is none. */
export function familyNamed(name: FamilyName): Family {
  const family = families.find((known) => known.name === name);
  if (!family) throw new RangeError(`There is no family ${String(name)}.`);
  return family;
}

/** Loads Rapier (once for all worlds) and returns the world. */
export async function createWorld(): Promise<World> {
  ready ??= RAPIER.init();
  await ready;
  // Finding a scene runs its motion already: kept, so that simulating it costs nothing more.
  const known = new WeakMap<Scene, Trajectory>();
  return {
    scene(name, split, seed) {
      const { scene, trajectory } = findScene(familyNamed(name), split, seed);
      known.set(scene, trajectory);
      return scene;
    },
    simulate(scene, options) {
      const trajectory = options ? undefined : known.get(scene);
      return trajectory ?? familyNamed(scene.family).simulate(scene, options);
    },
    render: renderClip,
  };
}
