// warp: pixels of an image from other places of it. Oracle: oracle.ts. It has no gradient: what it serves, the
// autoencoder's decoder, is frozen in the browser.

import type { Tensor } from '@tensorflow/tfjs-core';
import forwardSource from '../../../shaders/warp/forward.wgsl?raw';
import { createOutput } from '../../engine/bridge.ts';
import { dispatchElementwise } from '../elementwise.ts';
import { registerOperation, runOperation } from '../register.ts';
import { warpLoops } from './loops.ts';
import { warpForward } from './oracle.ts';
import type { WarpShape } from './oracle.ts';

function warpShape([image, offsets]: number[][]): WarpShape {
  const [batch, height, width, channels] = image;
  return { batch, frames: offsets[1], height, width, channels };
}

function outputShape({ batch, frames, height, width, channels }: WarpShape): number[] {
  return [batch, frames, height, width, channels];
}

registerOperation({
  name: 'Physics.warp',
  inputNames: ['image', 'offsets'],
  webgpu(backend, inputs) {
    const shape = warpShape(inputs.map((input) => input.shape));
    const { batch, frames: T, height: H, width: W, channels: C } = shape;
    const y = createOutput(backend, outputShape(shape));
    const shader = { name: 'warp/forward', code: forwardSource };
    dispatchElementwise(backend, shader, batch * T * H * W, { T, H, W, C, unit: 1 }, inputs, [y]);
    return [y];
  },
  cpu(inputs) {
    const shape = warpShape(inputs.map((input) => input.shape));
    return [{ values: warpForward(inputs[0].values, inputs[1].values, shape), shape: outputShape(shape) }];
  },
  loops: {
    shapes: (inputs) => [outputShape(warpShape(inputs))],
    run: (inputs, [y], shapes) => warpLoops(inputs, y, warpShape(shapes)),
  },
});

/**
 * Every pixel of a video from where it is in an image, bilinear, the image's border continued.
 * @param image [B, H, W, C]
 * @param offsets [B, T, H, W, 2]: x, y in pixels, from a pixel to its source
 * @returns [B, T, H, W, C]
 * @throws when the shapes do not fit
 */
export function warp(image: Tensor, offsets: Tensor): Tensor {
  const [batch, height, width] = image.shape;
  const [ofBatch, , ofHeight, ofWidth, two] = offsets.shape;
  const fits = image.rank === 4 && offsets.rank === 5 && two === 2 && ofBatch === batch && ofHeight === height;
  if (!fits || ofWidth !== width) {
    throw new Error(`warp needs image [B, H, W, C] and offsets [B, T, H, W, 2], got [${image.shape}] and [${offsets.shape}].`);
  }
  return runOperation('Physics.warp', { image, offsets })[0];
}
