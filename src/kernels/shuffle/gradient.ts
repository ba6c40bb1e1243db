// spaceToDepth and depthToSpace are adjoint: each is the other's gradient.

import { registerGradient } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { runOperation } from '../register.ts';

const adjoint = [
  ['Physics.spaceToDepth', 'Physics.depthToSpace'],
  ['Physics.depthToSpace', 'Physics.spaceToDepth'],
] as const;

for (const [kernelName, gradientName] of adjoint) {
  registerGradient({
    kernelName,
    gradFunc: (dy, _saved, attributes) => ({
      x: () => runOperation(gradientName, { x: dy as Tensor }, attributes)[0],
    }),
  });
}
