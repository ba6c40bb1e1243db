// silu(x) and gelu(x), elementwise, any shape; y has x's shape. f32. Oracle: oracle.ts; gradient:
// gradient.ts.

import type { Tensor } from '@tensorflow/tfjs-core';
import forwardSource from '../../../shaders/activation/forward.wgsl?raw';
import { createOutput } from '../../engine/bridge.ts';
import { dispatchElementwise, vectorized, vectorWidth } from '../elementwise.ts';
import { registerOperation, runOperation } from '../register.ts';
import { activationComposed } from './composition.ts';
import './gradient.ts';
import { activationForward, cubic } from './oracle.ts';
import type { Activation } from './oracle.ts';

const kinds: readonly Activation[] = ['silu', 'gelu'];

kinds.forEach((kind, index) => {
  registerOperation({
    name: `Physics.${kind}`,
    inputNames: ['x'],
    webgpu(backend, [x]) {
      const y = createOutput(backend, x.shape);
      const size = x.shape.reduce((product, length) => product * length, 1);
      const width = vectorWidth(size);
      const shader = vectorized('activation/forward', forwardSource, width);
      dispatchElementwise(backend, shader, size / width, { kind: index, cubic }, [x], [y]);
      return [y];
    },
    cpu: ([x]) => [{ values: activationForward(kind, x.values), shape: x.shape }],
    wasm: ([x]) => [activationComposed(kind, x)],
  });
});

/** x sigmoid(x), elementwise. */
export function silu(x: Tensor): Tensor {
  return runOperation('Physics.silu', { x })[0];
}

/** GELU, tanh approximation, elementwise. */
export function gelu(x: Tensor): Tensor {
  return runOperation('Physics.gelu', { x })[0];
}
