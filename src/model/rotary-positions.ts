/**
 * Rotary positions of the generator's sequence [video tokens, physics tokens, domain token].
 *
 * Each token has a position (t, h, w) in units of latent frames and video tokens; physics tokens lie on the
 * first frame (t = 0) at the places that their patches cover. The D/2 pairs of a head are shared out over the
 * three axes; pair i of n turns by position * base^(-i/n). Source: RoFormer (Su 2021), three axes as in video
 * transformers. The rotation itself is a kernel; this file only makes its tables.
 */
import { latentShape } from './config.ts';
import type { ModelConfig } from './config.ts';

/** Cosines and sines [L, D/2], row-major. */
export interface RotaryTables {
  readonly cos: Float32Array;
  readonly sin: Float32Array;
  readonly length: number;
  readonly pairs: number;
}

/** Positions (t, h, w) of every token of the sequence. */
export function tokenPositions(config: ModelConfig): [number, number, number][] {
  const latent = latentShape(config);
  const rows = latent.height / config.transformer.patch;
  const columns = latent.width / config.transformer.patch;
  const physicsRows = config.video.height / config.backbone.patch;
  const physicsColumns = config.video.width / config.backbone.patch;
  const positions: [number, number, number][] = [];
  for (let t = 1; t <= latent.generated; t++) {
    for (let h = 0; h < rows; h++) {
      for (let w = 0; w < columns; w++) positions.push([t, h, w]);
    }
  }
  for (let h = 0; h < physicsRows; h++) {
    for (let w = 0; w < physicsColumns; w++) {
      positions.push([0, (h + 0.5) * rows / physicsRows - 0.5, (w + 0.5) * columns / physicsColumns - 0.5]);
    }
  }
  positions.push([0, 0, 0]);
  return positions;
}

/** The tables that the rotary kernel reads. */
export function rotaryTables(config: ModelConfig): RotaryTables {
  const { rotary, rotaryBase } = config.transformer;
  const positions = tokenPositions(config);
  const pairs = rotary[0] + rotary[1] + rotary[2];
  const cos = new Float32Array(positions.length * pairs);
  const sin = new Float32Array(positions.length * pairs);
  let at = 0;
  for (const position of positions) {
    for (let axis = 0; axis < 3; axis++) {
      for (let i = 0; i < rotary[axis]; i++) {
        const angle = position[axis] * rotaryBase ** (-i / rotary[axis]);
        cos[at] = Math.cos(angle);
        sin[at] = Math.sin(angle);
        at += 1;
      }
    }
  }
  return { cos, sin, length: positions.length, pairs };
}
