// Gradients of silu and gelu: dx = dy f'(x), one fused shader. First derivatives only.

import { registerGradient } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import gradientSource from '../../../shaders/activation/gradient.wgsl?raw';
import { createOutput } from '../../engine/bridge.ts';
import { dispatchElementwise, vectorized, vectorWidth } from '../elementwise.ts';
import { registerOperation, runOperation } from '../register.ts';
import { activationGradientComposed } from './composition.ts';
import { activationGradient, cubic } from './oracle.ts';
import type { Activation } from './oracle.ts';

const kinds: readonly Activation[] = ['silu', 'gelu'];

kinds.forEach((kind, index) => {
  registerOperation({
    name: `Physics.${kind}Gradient`,
    inputNames: ['x', 'dy'],
    webgpu(backend, [x, dy]) {
      const dx = createOutput(backend, x.shape);
      const size = x.shape.reduce((product, length) => product * length, 1);
      const width = vectorWidth(size);
      const shader = vectorized('activation/gradient', gradientSource, width);
      dispatchElementwise(backend, shader, size / width, { kind: index, cubic }, [x, dy], [dx]);
      return [dx];
    },
    cpu: ([x, dy]) => [{ values: activationGradient(kind, x.values, dy.values), shape: x.shape }],
    wasm: ([x, dy]) => [activationGradientComposed(kind, x, dy)],
  });
  registerGradient({
    kernelName: `Physics.${kind}`,
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({
      x: () => runOperation(`Physics.${kind}Gradient`, { x, dy: dy as Tensor })[0],
    }),
  });
});
