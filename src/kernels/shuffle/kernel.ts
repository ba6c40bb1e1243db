// spaceToDepth and depthToSpace on videos [B, T, H, W, C] with causal time (shapes: oracle.ts). A copy; no
// arithmetic, so results are exact.

import type { NamedAttrMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import depthToSpaceSource from '../../../shaders/shuffle/depth_to_space.wgsl?raw';
import spaceToDepthSource from '../../../shaders/shuffle/space_to_depth.wgsl?raw';
import { createOutput } from '../../engine/bridge.ts';
import type { WebGPUBackend } from '../../engine/bridge.ts';
import { dispatchElementwise, vectorized, vectorWidth } from '../elementwise.ts';
import { registerOperation, runOperation } from '../register.ts';
import { depthToSpaceComposed, spaceToDepthComposed } from './composition.ts';
import './gradient.ts';
import * as oracle from './oracle.ts';
import type { Factor, VideoShape } from './oracle.ts';

function videoShape(shape: number[]): VideoShape {
  if (shape.length !== 5) {
    throw new Error(`A video has the shape [B, T, H, W, C], not [${shape}].`);
  }
  const [B, T, H, W, C] = shape;
  return [B, T, H, W, C];
}

function factorOf(attributes: NamedAttrMap): Factor {
  const [fT, fH, fW] = attributes['factor'] as number[];
  return [fT, fH, fW];
}

function gather(
  backend: WebGPUBackend,
  name: string,
  source: string,
  x: TensorInfo,
  shape: VideoShape,
  channels: number,
  [fT, fH, fW]: Factor,
): TensorInfo[] {
  const y = createOutput(backend, [...shape]);
  const [, T, H, W] = x.shape;
  const width = vectorWidth(channels);
  const size = shape.reduce((product, length) => product * length, 1) / width;
  const constants = { T, H, W, C: channels / width, fT, fH, fW, shift: 0 };
  dispatchElementwise(backend, vectorized(name, source, width), size, constants, [x], [y]);
  return [y];
}

registerOperation({
  name: 'Physics.spaceToDepth',
  inputNames: ['x'],
  webgpu(backend, [x], attributes) {
    const factor = factorOf(attributes);
    const shape = oracle.foldedShape(videoShape(x.shape), factor);
    return gather(backend, 'shuffle/space_to_depth', spaceToDepthSource, x, shape, x.shape[4], factor);
  },
  cpu([x], attributes) {
    const factor = factorOf(attributes);
    const shape = videoShape(x.shape);
    const values = oracle.spaceToDepth(x.values, shape, factor);
    return [{ values, shape: [...oracle.foldedShape(shape, factor)] }];
  },
  wasm: ([x], attributes) => [spaceToDepthComposed(x, videoShape(x.shape), factorOf(attributes))],
});

registerOperation({
  name: 'Physics.depthToSpace',
  inputNames: ['x'],
  webgpu(backend, [x], attributes) {
    const factor = factorOf(attributes);
    const shape = oracle.unfoldedShape(videoShape(x.shape), factor);
    return gather(backend, 'shuffle/depth_to_space', depthToSpaceSource, x, shape, shape[4], factor);
  },
  cpu([x], attributes) {
    const factor = factorOf(attributes);
    const shape = videoShape(x.shape);
    const values = oracle.depthToSpace(x.values, shape, factor);
    return [{ values, shape: [...oracle.unfoldedShape(shape, factor)] }];
  },
  wasm: ([x], attributes) => [depthToSpaceComposed(x, videoShape(x.shape), factorOf(attributes))],
});

/**
 * [B, T, H, W, C] -> [B, (T + fT - 1) / fT, H / fH, W / fW, fT fH fW C], channels in the order (ft, fh, fw,
 * c). In time the first block is filled up in front with zero frames. Throws when the shape does not divide.
 */
export function spaceToDepth(x: Tensor, factor: readonly [number, number, number]): Tensor {
  return runOperation('Physics.spaceToDepth', { x }, { factor: [...factor] })[0];
}

/**
 * [B, T, H, W, fT fH fW C] -> [B, fT T - (fT - 1), fH H, fW W, C]: the inverse; the first fT - 1 frames,
 * which stand before the video, are dropped. Throws when the channels do not divide.
 */
export function depthToSpace(x: Tensor, factor: readonly [number, number, number]): Tensor {
  return runOperation('Physics.depthToSpace', { x }, { factor: [...factor] })[0];
}
