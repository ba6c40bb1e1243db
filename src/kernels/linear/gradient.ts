// Gradients of the linear layer: dX = dY' W^T, dW = x^T dY', db = column sums of dY', where dY' is dY taken
// through GELU if there was one. Each is computed only when it is asked for. No atomics: sums run in an
// order fixed by the shape.

import { registerGradient } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { createOutput, dispatch } from '../../engine/bridge.ts';
import { registerOperation, runOperation } from '../register.ts';
import { activationGradientComposed } from '../activation/composition.ts';
import { columnSumsComposed, inputGradientComposed, weightGradientComposed } from './composition.ts';
import { isHalves, matrixShape } from './halves.ts';
import { columnSums, geluSlope, linearInputGradient, linearWeightGradient } from './oracle.ts';
import { columnSumsProgram, geluGradientProgram, plain, productProgram } from './programs.ts';

function rowsOf(shape: number[]): number {
  return shape.slice(0, -1).reduce((product, size) => product * size, 1);
}

registerOperation({
  name: 'Physics.linearInputGradient',
  inputNames: ['dy', 'weight'],
  webgpu(backend, inputs) {
    const [dy, weight] = inputs;
    const [depth, columns] = matrixShape(weight);
    const output = createOutput(backend, [...dy.shape.slice(0, -1), depth]);
    const shape = { rows: rowsOf(dy.shape), depth, columns };
    const options = { ...plain, half: isHalves(weight) };
    dispatch(backend, productProgram(backend.device, 'input', shape, options), inputs, [output]);
    return [output];
  },
  cpu([dy, weight]) {
    const [depth, columns] = weight.shape;
    const shape = { rows: rowsOf(dy.shape), depth, columns };
    return [{ values: linearInputGradient(dy.values, weight.values, shape), shape: [...dy.shape.slice(0, -1), depth] }];
  },
  wasm: ([dy, weight]) => [inputGradientComposed(dy, weight)],
});

registerOperation({
  name: 'Physics.linearWeightGradient',
  inputNames: ['x', 'dy'],
  webgpu(backend, [x, dy]) {
    const depth = x.shape[x.shape.length - 1];
    const columns = dy.shape[dy.shape.length - 1];
    const output = createOutput(backend, [depth, columns]);
    const shape = { rows: rowsOf(x.shape), depth, columns };
    dispatch(backend, productProgram(backend.device, 'weight', shape), [x, dy], [output]);
    return [output];
  },
  cpu([x, dy]) {
    const depth = x.shape[x.shape.length - 1];
    const columns = dy.shape[dy.shape.length - 1];
    const shape = { rows: rowsOf(x.shape), depth, columns };
    return [{ values: linearWeightGradient(x.values, dy.values, shape), shape: [depth, columns] }];
  },
  wasm: ([x, dy]) => [weightGradientComposed(x, dy)],
});

registerOperation({
  name: 'Physics.columnSums',
  inputNames: ['matrix'],
  webgpu(backend, [matrix]) {
    const columns = matrix.shape[matrix.shape.length - 1];
    const output = createOutput(backend, [columns]);
    dispatch(backend, columnSumsProgram(rowsOf(matrix.shape), columns), [matrix], [output]);
    return [output];
  },
  cpu([matrix]) {
    const columns = matrix.shape[matrix.shape.length - 1];
    return [{ values: columnSums(matrix.values, rowsOf(matrix.shape), columns), shape: [columns] }];
  },
  wasm: ([matrix]) => [columnSumsComposed(matrix)],
});

registerOperation({
  name: 'Physics.linearGeluGradient',
  inputNames: ['dy', 'before'],
  webgpu(backend, [dy, before]) {
    const output = createOutput(backend, dy.shape);
    const size = dy.shape.reduce((product, length) => product * length, 1);
    dispatch(backend, geluGradientProgram(backend.device, size), [dy, before], [output]);
    return [output];
  },
  cpu([dy, before]) {
    const values = Float64Array.from(before.values, (value, i) => dy.values[i] * geluSlope(value));
    return [{ values, shape: dy.shape }];
  },
  wasm: ([dy, before]) => [activationGradientComposed('gelu', before, dy)],
});

registerGradient({
  kernelName: 'Physics.linear',
  inputsToSave: ['x', 'weight'],
  outputsToSave: [false, true],
  gradFunc(dy: Tensor | Tensor[], saved: Tensor[], attributes): Record<string, () => Tensor> {
    const [x, weight, before] = saved;
    const direct = Array.isArray(dy) ? dy[0] : dy;
    // Outside the thunks, because each of them is tidied by itself and more than one may need it.
    const inner = before ? runOperation('Physics.linearGeluGradient', { dy: direct, before })[0] : direct;
    const gradients: Record<string, () => Tensor> = {
      x: () => runOperation('Physics.linearInputGradient', { dy: inner, weight })[0],
      weight: () => runOperation('Physics.linearWeightGradient', { x, dy: inner })[0],
    };
    if (attributes['hasBias'] === true) {
      gradients['bias'] = () => runOperation('Physics.columnSums', { matrix: inner })[0];
    }
    return gradients;
  },
});
