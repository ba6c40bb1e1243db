// gatedAdd: x + gate y with x, y [B, L, C] and gate [B, C]: the residual connection of a block whose gate
// comes from a condition (arXiv:2212.09748). Oracle: oracle.ts; gradients: gradient.ts.

import type { Tensor } from '@tensorflow/tfjs-core';
import forwardSource from '../../../shaders/gated_add/forward.wgsl?raw';
import { createOutput } from '../../engine/bridge.ts';
import { dispatchElementwise, vectorized, vectorWidth } from '../elementwise.ts';
import { registerOperation, runOperation } from '../register.ts';
import { gatedAddComposed } from './composition.ts';
import './gradient.ts';
import { gatedAddForward } from './oracle.ts';
import { gatedShape } from './shape.ts';

registerOperation({
  name: 'Physics.gatedAdd',
  inputNames: ['x', 'y', 'gate'],
  webgpu(backend, [x, y, gate]) {
    const { batch, tokens, channels } = gatedShape(x.shape, gate.shape);
    const width = vectorWidth(channels);
    const C = channels / width;
    const out = createOutput(backend, x.shape);
    const shader = vectorized('gated_add/forward', forwardSource, width);
    dispatchElementwise(backend, shader, batch * tokens * C, { L: tokens, C, unit: 1 }, [x, y, gate], [out]);
    return [out];
  },
  cpu([x, y, gate]) {
    const shape = gatedShape(x.shape, gate.shape);
    return [{ values: gatedAddForward(x.values, y.values, gate.values, shape), shape: x.shape }];
  },
  wasm: ([x, y, gate]) => [gatedAddComposed(x, y, gate)],
});

/** x + gate y: x and y [B, L, C], gate [B, C] -> [B, L, C]. Throws when the shapes do not fit. */
export function gatedAdd(x: Tensor, y: Tensor, gate: Tensor): Tensor {
  gatedShape(x.shape, gate.shape);
  if (y.shape.join() !== x.shape.join()) {
    throw new Error(`gatedAdd: x [${x.shape}] and y [${y.shape}] differ in shape.`);
  }
  return runOperation('Physics.gatedAdd', { x, y, gate })[0];
}
