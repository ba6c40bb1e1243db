// Where families that integrate for themselves write their motion.

import { clipFrames, type Scene, type Trajectory } from './scene.ts';

/**
 * A trajectory of 25 frames in which everything that moves stays as it starts: a family overwrites what
 * changes.
 */
export function stillTrajectory({ objects }: Pick<Scene, 'objects'>): Required<Trajectory> {
  const moving = objects.filter((object) => object.moves);
  const count = moving.length;
  const trajectory: Required<Trajectory> = {
    frames: clipFrames,
    objects: count,
    positions: new Float32Array(clipFrames * count * 3),
    rotations: new Float32Array(clipFrames * count * 4),
    sizes: new Float32Array(clipFrames * count * 3),
    colours: new Float32Array(clipFrames * count * 3),
    energy: new Float32Array(clipFrames),
  };
  for (let frame = 0; frame < clipFrames; frame++) {
    moving.forEach(({ position, rotation, size, colour }, k) => {
      const at = frame * count + k;
      trajectory.positions.set(position, at * 3);
      trajectory.rotations.set(rotation, at * 4);
      trajectory.sizes.set(size, at * 3);
      trajectory.colours.set(colour, at * 3);
    });
  }
  return trajectory;
}
