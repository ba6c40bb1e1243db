// Gradients of the causal convolution to x, filter and bias; each is computed only when it is asked for.
//
// The filter's gradient is made of partial sums over slices of the output, added in order: no atomics.

import { registerGradient } from '@tensorflow/tfjs-core';
import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import { createOutput, dispatch, release } from '../../engine/bridge.ts';
import { columnSumsProgram } from '../linear/programs.ts';
import { registerOperation, runOperation } from '../register.ts';
import { convolutionFilterGradientComposed, convolutionInputGradientComposed } from './composition.ts';
import { convolutionFilterGradient, convolutionInputGradient, convolutionShape } from './oracle.ts';
import type { ConvolutionShape } from './oracle.ts';
import { filterGradientProgram, inputGradientProgram } from './programs.ts';

/** The stride out of an operation's attributes. */
export function strideOf(attributes: NamedAttrMap): [number, number, number] {
  return [Number(attributes['strideTime']), Number(attributes['strideHeight']), Number(attributes['strideWidth'])];
}

function numbersOf(attributes: NamedAttrMap, name: string): number[] {
  const value: unknown = attributes[name];
  if (!Array.isArray(value)) {
    throw new Error(`convolution: the attribute ${name} is missing.`);
  }
  return value.map(Number);
}

function shapeFor(x: number[], filter: number[], attributes: NamedAttrMap): ConvolutionShape {
  return convolutionShape(x, filter, strideOf(attributes));
}

registerOperation({
  name: 'Physics.convolutionInputGradient',
  inputNames: ['dy', 'filter'],
  webgpu(backend, [dy, filter], attributes) {
    const inputShape = numbersOf(attributes, 'inputShape');
    const shape = shapeFor(inputShape, filter.shape, attributes);
    const output = createOutput(backend, inputShape);
    dispatch(backend, inputGradientProgram(backend.device, shape), [dy, filter], [output]);
    return [output];
  },
  cpu([dy, filter], attributes) {
    const inputShape = numbersOf(attributes, 'inputShape');
    const shape = shapeFor(inputShape, filter.shape, attributes);
    return [{ values: convolutionInputGradient(dy.values, filter.values, shape), shape: inputShape }];
  },
  wasm([dy, filter], attributes) {
    const shape = shapeFor(numbersOf(attributes, 'inputShape'), filter.shape, attributes);
    const dx = convolutionInputGradientComposed(dy, filter, shape);
    return dx && [dx];
  },
});

registerOperation({
  name: 'Physics.convolutionFilterGradient',
  inputNames: ['x', 'dy'],
  webgpu(backend, [x, dy], attributes) {
    const filterShape = numbersOf(attributes, 'filterShape');
    const shape = shapeFor(x.shape, filterShape, attributes);
    const { program, slices } = filterGradientProgram(backend.device, shape);
    const output = createOutput(backend, filterShape);
    if (slices === 1) {
      dispatch(backend, program, [x, dy], [output]);
      return [output];
    }
    const partial = createOutput(backend, [slices, ...filterShape]);
    dispatch(backend, program, [x, dy], [partial]);
    const size = filterShape.reduce((product, length) => product * length, 1);
    dispatch(backend, columnSumsProgram(slices, size), [partial], [output]);
    release(backend, partial);
    return [output];
  },
  cpu([x, dy], attributes) {
    const filterShape = numbersOf(attributes, 'filterShape');
    const shape = shapeFor(x.shape, filterShape, attributes);
    return [{ values: convolutionFilterGradient(x.values, dy.values, shape), shape: filterShape }];
  },
  wasm([x, dy], attributes) {
    const shape = shapeFor(x.shape, numbersOf(attributes, 'filterShape'), attributes);
    const gradient = convolutionFilterGradientComposed(x, dy, shape);
    return gradient && [gradient];
  },
});

registerGradient({
  kernelName: 'Physics.convolution',
  inputsToSave: ['x', 'filter'],
  gradFunc(dy: Tensor | Tensor[], saved: Tensor[], attributes): Record<string, () => Tensor> {
    const [x, filter] = saved;
    const direct = Array.isArray(dy) ? dy[0] : dy;
    const shapes = { ...attributes, inputShape: x.shape, filterShape: filter.shape };
    const gradients: Record<string, () => Tensor> = {
      x: () => runOperation('Physics.convolutionInputGradient', { dy: direct, filter }, shapes)[0],
      filter: () => runOperation('Physics.convolutionFilterGradient', { x, dy: direct }, shapes)[0],
    };
    if (attributes['hasBias'] === true) {
      gradients['bias'] = () => runOperation('Physics.columnSums', { matrix: direct })[0];
    }
    return gradients;
  },
});
