// Tracks of a clip's labelled things, as laws need them: where the mask is in metres, how large, of what colour.

import { cameraPosition, focalLength, project, rayThrough } from './camera.ts';
import type { Track } from './family.ts';
import { frameSize, labelsOf, type Scene } from './scene.ts';

const ray = new Float64Array(3);

/**
 * Tracks from frames u8 [T, S, S, 3] and masks u8 [T, S, S], in the order of the labels. Places are at the depth at
 * which the label's first object starts: a thing that comes nearer would seem to move aside.
 */
export function tracksOf(scene: Scene, frames: Uint8Array, masks: Uint8Array, side = frameSize): Track[] {
  const pixels = side * side;
  const count = masks.length / pixels;
  return labelsOf(scene).map((label): Track => {
    const start = scene.objects.find((object) => object.label === label)?.position ?? [0, 0, 0];
    const metres = (project(start).depth / focalLength) * (frameSize / side);
    const track: Track = {
      label, x: new Float64Array(count).fill(NaN), y: new Float64Array(count).fill(NaN),
      area: new Float64Array(count).fill(NaN), colour: new Float64Array(count * 3).fill(NaN),
    };
    for (let frame = 0; frame < count; frame++) {
      let area = 0;
      let columns = 0;
      let rows = 0;
      const colour = [0, 0, 0];
      for (let pixel = 0; pixel < pixels; pixel++) {
        const at = frame * pixels + pixel;
        if (masks[at] !== label) continue;
        area++;
        columns += pixel % side;
        rows += Math.floor(pixel / side);
        for (let c = 0; c < 3; c++) colour[c] += (frames[at * 3 + c] / 255) ** 2;
      }
      if (area === 0) continue;
      const scale = frameSize / side;
      rayThrough((columns / area + 0.5) * scale, (rows / area + 0.5) * scale, ray);
      const steps = (start[2] - cameraPosition[2]) / ray[2];
      track.x[frame] = cameraPosition[0] + steps * ray[0];
      track.y[frame] = cameraPosition[1] + steps * ray[1];
      track.area[frame] = area * metres * metres;
      for (let c = 0; c < 3; c++) track.colour[frame * 3 + c] = colour[c] / area;
    }
    return track;
  });
}
