/**
 * A scene of the world as learning and evaluation use it: its first frame, its true clip, and what the
 * tracker needs to score another clip of the same scene.
 */
import type { KnownClip } from '../metrics/tracker.ts';
import { backgroundPlate } from '../world/background.ts';
import { stillTrajectory } from '../world/recordings.ts';
import { frameSize, labelsOf } from '../world/scene.ts';
import type { Scene, Split } from '../world/scene.ts';
import type { FamilyName, World } from '../world/world.ts';

export interface SceneTruth {
  readonly scene: Scene;
  /** The first frame, u8 [H, W, 3]. */
  readonly image: Uint8Array<ArrayBuffer>;
  /** The true clip, u8 [T, H, W, 3]. */
  readonly frames: Uint8Array<ArrayBuffer>;
  readonly truth: KnownClip;
}

/** Simulates the scene of a seed and renders it, `side` pixels high and wide. */
export function sceneTruth(
  world: World, family: FamilyName, split: Split, seed: number, side = frameSize,
): SceneTruth {
  const scene = world.scene(family, split, seed);
  const clip = world.render(scene, world.simulate(scene), side);
  const frames = Uint8Array.from(clip.frames);
  const plate = backgroundPlate(scene, side);
  return {
    scene, image: frames.slice(0, side * side * 3), frames,
    truth: { frames, masks: clip.masks, plate, height: side, width: side, labels: labelsOf(scene) },
  };
}

/** The first frame of a scene, u8 [side, side, 3], without rendering the motion. */
export function firstFrame(world: World, scene: Scene, side = frameSize): Uint8Array<ArrayBuffer> {
  // Frames in which nothing moves are copied by the renderer, so a still trajectory costs one frame.
  const { frames } = world.render(scene, stillTrajectory(scene), side);
  return Uint8Array.from(frames.subarray(0, side * side * 3));
}
