// Gradients of attention to query, key and value, from the output and log-sum-exp that the forward pass kept.
//
// Three passes without atomics: D = rowsum(dO * O); dK and dV over tiles of queries; dQ over tiles of keys.
// All three gradients are computed together, since in practice all are needed and they share D.

import { registerGradient } from '@tensorflow/tfjs-core';
import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import { createOutput, dispatch, release } from '../../engine/bridge.ts';
import { registerOperation, runOperation } from '../register.ts';
import { attentionGradientsComposed } from './composition.ts';
import { attentionGradients } from './oracle.ts';
import type { AttentionShape } from './oracle.ts';
import { attentionPass, queryFromStepsProgram, rowProductsProgram, stepsShape } from './programs.ts';

/** The shape of an attention from those of its query and key, and its scale from the attributes. */
export function attentionShape(query: number[], key: number[], attributes: NamedAttrMap): AttentionShape {
  const [batch, queries, heads, width] = query;
  return { batch, queries, keys: key[1], heads, width, scale: Number(attributes['scale']) };
}

registerOperation({
  name: 'Physics.attentionGradients',
  inputNames: ['query', 'key', 'value', 'output', 'statistics', 'dy'],
  webgpu(backend, [query, key, value, output, statistics, dy], attributes) {
    const shape = attentionShape(query.shape, key.shape, attributes);
    const products = createOutput(backend, statistics.shape);
    dispatch(backend, rowProductsProgram(shape), [output, dy], [products]);
    const inputs = [query, key, value, dy, statistics, products];
    const others = [createOutput(backend, key.shape), createOutput(backend, value.shape)];
    const { program, keepsSteps } = attentionPass(backend.device, 'backward_key_value', shape);
    const queryGradient = createOutput(backend, query.shape);
    if (keepsSteps) {
      const steps = createOutput(backend, stepsShape(shape));
      dispatch(backend, program, inputs, [...others, steps]);
      dispatch(backend, queryFromStepsProgram(shape), [key, steps], [queryGradient]);
      release(backend, steps);
    } else {
      dispatch(backend, program, inputs, others);
      dispatch(backend, attentionPass(backend.device, 'backward_query', shape).program, inputs, [queryGradient]);
    }
    release(backend, products);
    return [queryGradient, ...others];
  },
  cpu([query, key, value, output, statistics, dy], attributes) {
    const shape = attentionShape(query.shape, key.shape, attributes);
    const result = { output: output.values, logSumExp: statistics.values };
    const gradients = attentionGradients(query.values, key.values, value.values, result, dy.values, shape);
    return [
      { values: gradients.query, shape: query.shape },
      { values: gradients.key, shape: key.shape },
      { values: gradients.value, shape: value.shape },
    ];
  },
  wasm([query, key, value, , , dy], attributes) {
    return attentionGradientsComposed(query, key, value, dy, attentionShape(query.shape, key.shape, attributes));
  },
});

registerGradient({
  kernelName: 'Physics.attention',
  inputsToSave: ['query', 'key', 'value'],
  outputsToSave: [true, true],
  gradFunc(dy: Tensor | Tensor[], saved: Tensor[], attributes): Record<string, () => Tensor> {
    const [query, key, value, output, statistics] = saved;
    const direct = Array.isArray(dy) ? dy[0] : dy;
    const inputs = { query, key, value, output, statistics, dy: direct };
    const gradients = runOperation('Physics.attentionGradients', inputs, attributes);
    return { query: () => gradients[0], key: () => gradients[1], value: () => gradients[2] };
  },
});
