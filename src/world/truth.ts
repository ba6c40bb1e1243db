// What a tracker and the metrics need to know of a clip, gathered from its scene and its rendering. The shape is
// that of ClipTruth in src/metrics (which this folder does not import).

import { backgroundPlate } from './renderer.ts';
import { frameSize, type Clip, type Scene } from './scene.ts';

export interface SceneTruth {
  /** RGB of the first frame, [64, 64, 3], and its labels, [64, 64]. */
  firstFrame: Uint8Array;
  firstMasks: Uint8Array;
  /** RGB of the scene without its dropped objects, [64, 64, 3]. */
  plate: Uint8Array;
  /** The renderer's labels of all frames, [25, 64, 64]. */
  masks: Uint8Array;
  height: number;
  width: number;
  /** Labels of the dropped objects. */
  labels: number[];
}

/** Gathers the truth of a clip. First frame and masks are views into the clip. */
export function truthFromClip(scene: Scene, clip: Clip): SceneTruth {
  const area = frameSize * frameSize;
  return {
    firstFrame: clip.frames.subarray(0, area * 3),
    firstMasks: clip.masks.subarray(0, area),
    plate: backgroundPlate(scene),
    masks: clip.masks,
    height: frameSize,
    width: frameSize,
    labels: scene.objects.filter((object) => object.dropped).map((object) => object.id),
  };
}
