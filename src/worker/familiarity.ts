/**
 * How far an image lies from what the model was trained on: distance of its backbone features to those of
 * training scenes, beside the distances of such scenes to each other.
 *
 * A rough gauge, and said as such: it tells a photograph from a rendered room, not a good scene from a bad
 * one.
 */
import { firstFrame } from '../learning/scene-truth.ts';
import type { ModelConfig } from '../model/config.ts';
import type { ClipGenerator, Encoding } from '../model/generator.ts';
import { physicsTokenCount } from '../model/parameters.ts';
import type { World } from '../world/world.ts';

/** Scenes that stand for the training data. */
const knownScenes = 12;
/** An image farther from its nearest scene than this multiple of the widest gap among scenes is outside. */
const outsideFactor = 1.25;

/** Features averaged over the image, a vector of [levels * C]. */
export function pooledFeatures(config: ModelConfig, features: Float32Array): Float64Array {
  const { blocks, width } = config.backbone;
  const tokens = physicsTokenCount(config);
  const pooled = new Float64Array(blocks * width);
  for (let level = 0; level < blocks; level++) {
    for (let token = 0; token < tokens; token++) {
      for (let c = 0; c < width; c++) {
        pooled[level * width + c] += features[(level * tokens + token) * width + c] / tokens;
      }
    }
  }
  return pooled;
}

function distance(a: Float64Array, b: Float64Array): number {
  let square = 0;
  for (let i = 0; i < a.length; i++) square += (a[i] - b[i]) ** 2;
  return Math.sqrt(square);
}

function nearest(to: Float64Array, others: readonly Float64Array[]): number {
  return Math.min(...others.filter((other) => other !== to).map((other) => distance(to, other)));
}

/** Distance to the nearest known scene, in units of the widest such gap among the known scenes themselves. */
export function strangeness(features: Float64Array, known: readonly Float64Array[]): number {
  return nearest(features, known) / Math.max(...known.map((scene) => nearest(scene, known)));
}

/** Judges images; the known scenes are encoded at first use, which takes as long as a dozen images do. */
export class Familiarity {
  private readonly world: World;
  private readonly families: readonly string[];
  /** Of the scenes encoded so far. */
  private readonly known: Float64Array[] = [];

  /** `families`: those that the model was trained on. */
  constructor(world: World, families: readonly string[]) {
    this.world = world;
    this.families = families;
  }

  /**
   * A sentence for an image, as encoded, that lies outside what the model was trained on, else null.
   * `progress` is told before every scene that is still unknown and after the last; what it throws ends the
   * work, and the scenes encoded until then stay known.
   */
  async noteFor(
    { features }: Pick<Encoding, 'features'>, generator: Pick<ClipGenerator, 'model' | 'encode'>,
    progress: (done: number, total: number) => void = () => {},
  ): Promise<string | null> {
    const { config } = generator.model;
    while (this.known.length < knownScenes) {
      progress(this.known.length, knownScenes);
      const seed = this.known.length;
      const scene = this.world.scene(this.families[seed % this.families.length], 'wide', seed);
      const known = await generator.encode(firstFrame(this.world, scene, config.video.height), scene.domain);
      this.known.push(pooledFeatures(config, known.features));
    }
    progress(knownScenes, knownScenes);
    const ratio = strangeness(pooledFeatures(config, features), this.known);
    if (ratio <= outsideFactor) return null;
    return 'This image lies outside what the model was trained on, simulated scenes in a room: '
      + `its features are ${ratio.toFixed(1)} times as far from such scenes as they are from each other. `
      + 'Expect clips that are blurred or do not move.';
  }
}
