// Whether a scene shows what it should: in the picture, not behind something else.

import { cameraPosition, project, tangent } from './camera.ts';
import { hit, intersect } from './intersections.ts';
import {
  boundingRadius, frameSize, type Quaternion, type Scene, type SceneObject, type Trajectory,
} from './scene.ts';
import { turned } from './things.ts';

/** Whether a sphere about a point lies inside the picture with a margin of a pixel. */
export function inView(position: ArrayLike<number>, radius: number): boolean {
  const { column, row, depth } = project(position);
  const reach = 1 + (radius * frameSize) / (2 * tangent * depth);
  return column > reach && column < frameSize - reach && row > reach && row < frameSize - reach;
}

/** Whether every labelled object stays in the picture and none hides another or goes behind something static. */
export function staysInView(scene: Scene, trajectory: Trajectory, mayOverlap = false): boolean {
  const moving = scene.objects.filter((object) => object.moves);
  const blocks = scene.objects.filter((object) => !object.moves && !object.ghost);
  const count = moving.length;
  for (let frame = 0; frame < trajectory.frames; frame++) {
    for (let k = 0; k < count; k++) {
      if (moving[k].label === 0) continue;
      const at = (frame * count + k) * 3;
      const position = trajectory.positions.subarray(at, at + 3);
      const radius = boundingRadius(moving[k]);
      if (!inView(position, radius)) return false;
      const here = project(position);
      for (let other = k + 1; other < count && !mayOverlap; other++) {
        if (moving[other].label === 0) continue;
        const from = (frame * count + other) * 3;
        const there = project(trajectory.positions.subarray(from, from + 3));
        const columns = here.column - there.column;
        const rows = here.row - there.row;
        const radii = radius + boundingRadius(moving[other]);
        const reach = (0.6 * frameSize * radii) / (2 * tangent * here.depth);
        if (columns * columns + rows * rows < reach * reach) return false;
      }
      if (blocks.some((block) => hides(block, position))) return false;
    }
  }
  return true;
}

/** Whether a block stands between the camera and a point. */
export function hides(block: SceneObject, point: ArrayLike<number>): boolean {
  const dx = point[0] - cameraPosition[0];
  const dy = point[1] - cameraPosition[1];
  const dz = point[2] - cameraPosition[2];
  const distance = Math.sqrt(dx * dx + dy * dy + dz * dz);
  const [x, y, z, w] = block.rotation;
  const intoBlock: Quaternion = [-x, -y, -z, w];
  const origin = turned(intoBlock, [
    cameraPosition[0] - block.position[0], cameraPosition[1] - block.position[1],
    cameraPosition[2] - block.position[2],
  ]);
  const direction = turned(intoBlock, [dx / distance, dy / distance, dz / distance]);
  const met = intersect(block.shape, ...block.size, ...origin, ...direction);
  return met && hit[0] < distance;
}
