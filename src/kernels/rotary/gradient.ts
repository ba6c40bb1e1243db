// Gradients of rotaryQueryKey to qkv and to the two learned scales. The angles get none.

import { registerGradient } from '@tensorflow/tfjs-core';
import type { NamedAttrMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { createOutput, dispatch, release } from '../../engine/bridge.ts';
import { columnSumsProgram } from '../linear/programs.ts';
import { registerOperation, runOperation } from '../register.ts';
import { rotaryQkvGradientLoops, rotaryScaleGradientLoops } from './loops.ts';
import { rotaryGradients } from './oracle.ts';
import type { RotaryShape } from './oracle.ts';
import { rotaryBackwardProgram, scaleProductsProgram, takesOnePass, valueBackwardProgram } from './programs.ts';

/** The shape from that of qkv [B, L, 3 N D] and the attribute `heads`. */
export function rotaryShape(qkv: number[], attributes: NamedAttrMap): RotaryShape {
  const heads = Number(attributes['heads']);
  return { batch: qkv[0], length: qkv[1], heads, width: qkv[2] / (3 * heads) };
}

registerOperation({
  name: 'Physics.rotaryQkvGradient',
  inputNames: ['qkv', 'queryScale', 'keyScale', 'cos', 'sin', 'query', 'key', 'value'],
  webgpu(backend, inputs, attributes) {
    const output = createOutput(backend, inputs[0].shape);
    const shape = rotaryShape(inputs[0].shape, attributes);
    const onePass = takesOnePass(backend.device);
    dispatch(backend, rotaryBackwardProgram(shape, onePass), inputs.slice(0, onePass ? 8 : 7), [output]);
    if (!onePass) dispatch(backend, valueBackwardProgram(shape), [inputs[7]], [output]);
    return [output];
  },
  cpu(inputs, attributes) {
    const [qkv, queryScale, keyScale, cos, sin, query, key, value] = inputs.map(({ values }) => values);
    const shape = rotaryShape(inputs[0].shape, attributes);
    const gradients = rotaryGradients(qkv, { queryScale, keyScale, cos, sin }, { query, key, value }, shape);
    return [{ values: gradients.qkv, shape: inputs[0].shape }];
  },
  loops: {
    shapes: ([qkv]) => [qkv],
    run: (inputs, [gradient], [qkv], attributes) => rotaryQkvGradientLoops(inputs, gradient, rotaryShape(qkv, attributes)),
  },
});

registerOperation({
  name: 'Physics.rotaryScaleGradient',
  inputNames: ['qkv', 'cos', 'sin', 'dy'],
  webgpu(backend, inputs: TensorInfo[], attributes) {
    const shape = rotaryShape(inputs[0].shape, attributes);
    const products = createOutput(backend, inputs[3].shape);
    const part = attributes['part'] === 'key' ? 1 : 0;
    dispatch(backend, scaleProductsProgram(part, shape), inputs, [products]);
    const output = createOutput(backend, [shape.width]);
    const rows = shape.batch * shape.length * shape.heads;
    dispatch(backend, columnSumsProgram(rows, shape.width), [products], [output]);
    release(backend, products);
    return [output];
  },
  cpu([qkv, cos, sin, dy], attributes) {
    const shape = rotaryShape(qkv.shape, attributes);
    const scale = new Float64Array(shape.width).fill(1);
    const parameters = { queryScale: scale, keyScale: scale, cos: cos.values, sin: sin.values };
    const dys = { query: dy.values, key: dy.values, value: dy.values };
    const gradients = rotaryGradients(qkv.values, parameters, dys, shape);
    const values = attributes['part'] === 'key' ? gradients.keyScale : gradients.queryScale;
    return [{ values, shape: [shape.width] }];
  },
  loops: {
    shapes: ([qkv], attributes) => [[rotaryShape(qkv, attributes).width]],
    run(inputs, [gradient], [qkv], attributes) {
      rotaryScaleGradientLoops(inputs, gradient, attributes['part'] === 'key' ? 1 : 0, rotaryShape(qkv, attributes));
    },
  },
});

registerGradient({
  kernelName: 'Physics.rotaryQueryKey',
  inputsToSave: ['qkv', 'queryScale', 'keyScale', 'cos', 'sin'],
  gradFunc(dy: Tensor | Tensor[], saved: Tensor[], attributes): Record<string, () => Tensor> {
    const [query, key, value] = Array.isArray(dy) ? dy : [dy];
    const [qkv, queryScale, keyScale, cos, sin] = saved;
    const noGradient = (): Tensor => {
      throw new Error('rotaryQueryKey has no gradient to its angles.');
    };
    const scaleGradient = (part: string, gradient: Tensor) => (): Tensor =>
      runOperation('Physics.rotaryScaleGradient', { qkv, cos, sin, dy: gradient }, { ...attributes, part })[0];
    const inputs = { qkv, queryScale, keyScale, cos, sin, query, key, value };
    return {
      qkv: () => runOperation('Physics.rotaryQkvGradient', inputs, attributes)[0],
      queryScale: scaleGradient('query', query),
      keyScale: scaleGradient('key', key),
      cos: noGradient,
      sin: noGradient,
    };
  },
});
