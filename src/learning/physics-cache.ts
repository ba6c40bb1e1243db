/**
 * Physics tokens of images under the head as it is: read back once an image, since they stay the same while only the
 * generator learns. They are forgotten when the head changes.
 */
import * as tf from '@tensorflow/tfjs-core';
import { readTogether } from '../engine/read-together.ts';
import type { Encoding, Model } from '../model/generator.ts';
import type { Weights } from '../model/layers.ts';
import { physicsTokenCount } from '../model/parameters.ts';
import { physicsTokens } from '../model/physics-encoder.ts';

export class PhysicsCache {
  private readonly model: Model;
  private readonly weights: Weights;
  private known = new WeakMap<Encoding, Float32Array>();

  /** Of the head in `weights`. */
  constructor(model: Model, weights: Weights) {
    this.model = model;
    this.weights = weights;
  }

  /** Physics tokens [L, width] of each image. Rejects when the device is lost. */
  async tokens(encodings: readonly Encoding[]): Promise<Float32Array[]> {
    const { known } = this;
    const missing = [...new Set(encodings)].filter((encoding) => !known.has(encoding));
    if (missing.length > 0) {
      const made = missing.map(({ features }) => this.make(features));
      const values = await readTogether(made);
      tf.dispose(made);
      missing.forEach((encoding, i) => known.set(encoding, values[i]));
    }
    return encodings.map((encoding) => known.get(encoding)!);
  }

  /** To be called when the head has changed. */
  forget(): void {
    this.known = new WeakMap();
  }

  private make(features: Float32Array): tf.Tensor {
    const { config } = this.model;
    const { blocks, width } = config.backbone;
    return tf.tidy(() => physicsTokens(config, this.weights,
      tf.split(tf.tensor(features, [blocks, physicsTokenCount(config), width], 'float32'), blocks, 0)));
  }
}
