// Linear layer in one dispatch: y [.., N] = activation(x [.., K] W [K, N] + b [N]) + residual [.., N].
//
// Leading axes of x are folded into M rows. When a gradient is being recorded and GELU follows, the sum
// before it is a second output, kept for the gradient. It does not fuse gates.

import { engine } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { createOutput, dispatch } from '../../engine/bridge.ts';
import { registerOperation, runOperation } from '../register.ts';
import './gradient.ts';
import { geluValue, linearForward } from './oracle.ts';
import type { LinearShape } from './oracle.ts';
import { productProgram } from './programs.ts';

/** What follows x W + b. */
export type Activation = 'none' | 'gelu';

function shapeOf(x: number[], weight: number[]): LinearShape {
  const [depth, columns] = weight;
  return { rows: x.slice(0, -1).reduce((product, size) => product * size, 1), depth, columns };
}

registerOperation({
  name: 'Physics.linear',
  inputNames: ['x', 'weight', 'bias', 'residual'],
  webgpu(backend, inputs, attributes) {
    const [x, weight] = inputs;
    const shape = shapeOf(x.shape, weight.shape);
    const outputShape = [...x.shape.slice(0, -1), shape.columns];
    const epilogue = {
      bias: attributes['hasBias'] === true,
      gelu: attributes['activation'] === 'gelu',
      save: attributes['save'] === true,
      residual: attributes['hasResidual'] === true,
    };
    const outputs = [createOutput(backend, outputShape)];
    if (epilogue.save) {
      outputs.push(createOutput(backend, outputShape));
    }
    dispatch(backend, productProgram(backend.device, 'forward', shape, epilogue), inputs, outputs);
    return outputs;
  },
  cpu(inputs, attributes) {
    const [x, weight] = inputs;
    const shape = shapeOf(x.shape, weight.shape);
    const outputShape = [...x.shape.slice(0, -1), shape.columns];
    const bias = attributes['hasBias'] === true ? inputs[2].values : null;
    const residual = attributes['hasResidual'] === true ? inputs[inputs.length - 1].values : null;
    const before = linearForward(x.values, weight.values, bias, shape);
    const active = attributes['activation'] === 'gelu' ? before.map(geluValue) : before;
    const y = residual ? active.map((value, i) => value + residual[i]) : active;
    const outputs = [{ values: y, shape: outputShape }];
    return attributes['save'] === true ? [...outputs, { values: before, shape: outputShape }] : outputs;
  },
});

/**
 * y = activation(x W + b).
 * @param x [.., K]
 * @param weight [K, N]
 * @param bias [N], or none
 * @param activation 'gelu' is the tanh approximation
 * @returns [.., N]
 * @throws when the inner dimensions or the bias do not match
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null, activation: Activation = 'none'): Tensor {
  const [depth, columns] = weight.shape;
  if (weight.rank !== 2 || x.shape.at(-1) !== depth || (bias && bias.size !== columns)) {
    throw new Error(`linear: x [${x.shape}], weight [${weight.shape}], bias [${bias?.shape}] do not fit.`);
  }
  const save = activation === 'gelu' && engine().isTapeOn();
  const [y] = runOperation('Physics.linear', bias ? { x, weight, bias } : { x, weight }, {
    activation,
    save,
    hasBias: Boolean(bias),
    hasResidual: false,
  });
  return y;
}

/**
 * y = residual + x W, in one dispatch.
 * @param residual [.., N]
 * @param x [.., K]
 * @param weight [K, N]
 * @returns [.., N]
 * @throws when the shapes do not fit
 */
export function addLinear(residual: Tensor, x: Tensor, weight: Tensor): Tensor {
  const fits = weight.rank === 2 && x.shape.at(-1) === weight.shape[0]
    && residual.shape.join() === [...x.shape.slice(0, -1), weight.shape[1]].join();
  if (!fits) {
    throw new Error(`addLinear: residual [${residual.shape}], x [${x.shape}], weight [${weight.shape}] do not fit.`);
  }
  const [y] = runOperation('Physics.linear', { x, weight, residual }, {
    activation: 'none', save: false, hasBias: false, hasResidual: true,
  });
  return y;
}
