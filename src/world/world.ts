// The world as others use it: load Rapier once, then scene -> trajectory -> clip. Runs in Node, in a page and
// in a worker. The same family, split and seed give the same bytes everywhere.

import RAPIER from '@dimforge/rapier3d-compat';
import { freeFallScene } from './free-fall.ts';
import { renderClip } from './renderer.ts';
import { simulateRigidBodies, type SimulationOptions } from './rigid-bodies.ts';
import type { Clip, Scene, Split, Trajectory } from './scene.ts';

export type Family = 'free-fall';
export const families: readonly Family[] = ['free-fall'];

export interface World {
  /** The scene of a seed (0 .. 2^53 - 1); the same arguments always give the same scene. */
  scene(family: Family, split: Split, seed: number): Scene;
  /** Poses of the dropped objects at 25 frames. */
  simulate(scene: Scene, options?: SimulationOptions): Trajectory;
  /** Frames, masks and depth. */
  render(scene: Scene, trajectory: Trajectory): Clip;
}

let ready: Promise<void> | null = null;

/** Loads Rapier (once for all worlds) and returns the world. */
export async function createWorld(): Promise<World> {
  ready ??= RAPIER.init();
  await ready;
  // Finding a scene runs its motion already: kept, so that simulating it costs nothing more.
  const known = new WeakMap<Scene, Trajectory>();
  return {
    scene(family, split, seed) {
      if (family !== 'free-fall') throw new RangeError(`There is no family ${String(family)}.`);
      const { scene, trajectory } = freeFallScene(split, seed, (drawn) => simulateRigidBodies(drawn));
      known.set(scene, trajectory);
      return scene;
    },
    simulate(scene, options) {
      const trajectory = options ? undefined : known.get(scene);
      return trajectory ?? simulateRigidBodies(scene, options);
    },
    render: renderClip,
  };
}
