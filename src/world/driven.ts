// Parts that are seen to move but are no bodies of their own: the rod of a pendulum, the plunger of a
// launcher. They are moving ghosts at the end of a scene's objects; Rapier runs the rest and each part's
// pose follows from it.

import { simulateRigidBodies, type SimulationOptions } from './rigid-bodies.ts';
import type { Quaternion, Scene, SceneObject, Trajectory, Vector } from './scene.ts';

export interface Pose {
  position: Vector;
  rotation: Quaternion;
}

/** Whether an object is such a part. */
function isDriven({ moves, ghost }: SceneObject): boolean {
  return moves && ghost === true;
}

/**
 * Runs a scene whose moving ghosts are driven.
 * @param poseOf the pose of a driven part at a frame, given the bodies' trajectory
 */
export function simulateDriven(
  scene: Scene, options: SimulationOptions | undefined,
  poseOf: (part: SceneObject, frame: number, bodies: Trajectory) => Pose,
): Trajectory {
  const parts = scene.objects.filter(isDriven);
  const objects = scene.objects.filter((object) => !isDriven(object));
  const bodies = simulateRigidBodies({ ...scene, objects }, options);
  const { frames } = bodies;
  const count = bodies.objects + parts.length;
  const positions = new Float32Array(frames * count * 3);
  const rotations = new Float32Array(frames * count * 4);
  for (let frame = 0; frame < frames; frame++) {
    const from = frame * bodies.objects;
    positions.set(bodies.positions.subarray(from * 3, (from + bodies.objects) * 3), frame * count * 3);
    rotations.set(bodies.rotations.subarray(from * 4, (from + bodies.objects) * 4), frame * count * 4);
    parts.forEach((part, i) => {
      const { position, rotation } = poseOf(part, frame, bodies);
      positions.set(position, (frame * count + bodies.objects + i) * 3);
      rotations.set(rotation, (frame * count + bodies.objects + i) * 4);
    });
  }
  return { frames, objects: count, positions, rotations, energy: bodies.energy };
}
