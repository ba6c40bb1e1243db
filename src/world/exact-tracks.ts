// Tracks without a picture: true centres straight from a trajectory, so that tests can hold a family's law
// to its motion alone. The shared suite measures the same law on pixels, with their tolerance.

import type { Track } from './family.ts';
import { labelsOf, type Scene, type Trajectory } from './scene.ts';

/** Tracks of the labelled things in the order of their labels; areas and colours are NaN. */
export function exactTracks(scene: Scene, { frames, objects, positions }: Trajectory): Track[] {
  const moving = scene.objects.filter((object) => object.moves);
  return labelsOf(scene).map((label): Track => {
    const k = moving.findIndex((object) => object.label === label);
    const along = (axis: number) =>
      Float64Array.from({ length: frames }, (_, f) => positions[(f * objects + k) * 3 + axis]);
    return {
      label, x: along(0), y: along(1), area: new Float64Array(frames).fill(NaN),
      colour: new Float64Array(frames * 3).fill(NaN),
    };
  });
}
