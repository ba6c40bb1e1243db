// Linear layer with bias and GELU in one dispatch: y [.., N] = activation(x [.., K] W [K, N] + b [N]).
//
// Leading axes of x are folded into M rows. When a gradient is being recorded and GELU follows, the sum
// before it is a second output, kept for the gradient. It does not fuse gates; adapters: adapted.ts.

import { engine } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { createOutput, dispatch } from '../../engine/bridge.ts';
import { registerOperation, runOperation } from '../register.ts';
import { linearComposed } from './composition.ts';
import './gradient.ts';
import { isHalves, matrixShape } from './halves.ts';
import { geluValue, linearForward } from './oracle.ts';
import type { LinearShape } from './oracle.ts';
import { productProgram } from './programs.ts';

/** What follows x W + b. */
export type Activation = 'none' | 'gelu';

/** Rows, depth and columns of x [.., K] times a matrix [K, N]. */
export function shapeOf(x: number[], [depth, columns]: number[]): LinearShape {
  return { rows: x.slice(0, -1).reduce((product, size) => product * size, 1), depth, columns };
}

registerOperation({
  name: 'Physics.linear',
  inputNames: ['x', 'weight', 'bias'],
  webgpu(backend, inputs, attributes) {
    const [x, weight] = inputs;
    const shape = shapeOf(x.shape, matrixShape(weight));
    const outputShape = [...x.shape.slice(0, -1), shape.columns];
    const options = {
      half: isHalves(weight),
      bias: inputs.length === 3,
      gelu: attributes['activation'] === 'gelu',
      save: attributes['save'] === true,
      residual: false,
    };
    const outputs = [createOutput(backend, outputShape)];
    if (options.save) {
      outputs.push(createOutput(backend, outputShape));
    }
    dispatch(backend, productProgram(backend.device, 'forward', shape, options), inputs, outputs);
    return outputs;
  },
  cpu(inputs, attributes) {
    const [x, weight, bias] = inputs;
    const shape = shapeOf(x.shape, weight.shape);
    const outputShape = [...x.shape.slice(0, -1), shape.columns];
    const before = linearForward(x.values, weight.values, bias?.values ?? null, shape);
    const y = attributes['activation'] === 'gelu' ? before.map(geluValue) : before;
    const outputs = [{ values: y, shape: outputShape }];
    return attributes['save'] === true ? [...outputs, { values: before, shape: outputShape }] : outputs;
  },
  wasm([x, weight, bias], attributes) {
    const [y, before] = linearComposed(x, weight, bias, attributes['activation'] === 'gelu');
    return attributes['save'] === true ? [y, before] : [y];
  },
});

/**
 * y = activation(x W + b).
 * @param x [.., K]
 * @param weight [K, N], or halves (halves.ts)
 * @param bias [N], or none
 * @param activation 'gelu' is the tanh approximation
 * @returns [.., N]
 * @throws when the inner dimensions or the bias do not match
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null, activation: Activation = 'none'): Tensor {
  const [depth, columns] = matrixShape(weight);
  if (weight.rank !== 2 || x.shape.at(-1) !== depth || (bias && bias.size !== columns)) {
    throw new Error(`linear: x [${x.shape}], weight [${weight.shape}], bias [${bias?.shape}] do not fit.`);
  }
  const save = activation === 'gelu' && engine().isTapeOn();
  const [y] = runOperation('Physics.linear', bias ? { x, weight, bias } : { x, weight }, {
    activation,
    save,
    hasBias: Boolean(bias),
  });
  return y;
}
