// Attention: query [B, Lq, N, D], key and value [B, Lk, N, D] -> [B, Lq, N, D], softmax(q k^T / sqrt(D)) v.
//
// Flash style: scores never reach memory; the log-sum-exp of each row is a second output, kept for the
// gradient (gradient.ts). A head width that is not a multiple of 4 is padded with zeros, which changes
// neither scores nor outputs. No mask, no dropout, no keys of another head count than the queries'.

import { pad, slice } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { createOutput, dispatch } from '../../engine/bridge.ts';
import { registerOperation, runOperation } from '../register.ts';
import { attentionComposed } from './composition.ts';
import { attentionShape } from './gradient.ts';
import { attentionForward } from './oracle.ts';
import { attentionPass } from './programs.ts';

registerOperation({
  name: 'Physics.attention',
  inputNames: ['query', 'key', 'value'],
  webgpu(backend, inputs, attributes) {
    const shape = attentionShape(inputs[0].shape, inputs[1].shape, attributes);
    const output = createOutput(backend, inputs[0].shape);
    const statistics = createOutput(backend, [shape.batch, shape.heads, shape.queries]);
    const outputs: TensorInfo[] = [output, statistics];
    dispatch(backend, attentionPass(backend.device, 'forward', shape).program, inputs, outputs);
    return outputs;
  },
  cpu([query, key, value], attributes) {
    const shape = attentionShape(query.shape, key.shape, attributes);
    const { output, logSumExp } = attentionForward(query.values, key.values, value.values, shape);
    return [
      { values: output, shape: query.shape },
      { values: logSumExp, shape: [shape.batch, shape.heads, shape.queries] },
    ];
  },
  wasm: ([query, key, value], attributes) =>
    attentionComposed(query, key, value, attentionShape(query.shape, key.shape, attributes)),
});

/**
 * softmax(query key^T / sqrt(D)) value for each batch and head.
 * @param query [B, Lq, N, D]
 * @param key [B, Lk, N, D]
 * @param value [B, Lk, N, D]
 * @returns [B, Lq, N, D]
 * @throws when the shapes do not belong together
 */
export function attention(query: Tensor, key: Tensor, value: Tensor): Tensor {
  const [batch, , heads, width] = query.shape;
  const expected = [batch, key.shape[1], heads, width].join();
  if (query.rank !== 4 || key.shape.join() !== expected || value.shape.join() !== expected) {
    throw new Error(`attention: query [${query.shape}], key [${key.shape}], value [${value.shape}] do not fit.`);
  }
  const attributes = { scale: 1 / Math.sqrt(width) };
  const missing = -width & 3;
  if (missing === 0) {
    return runOperation('Physics.attention', { query, key, value }, attributes)[0];
  }
  const padded = (x: Tensor): Tensor => pad(x, [[0, 0], [0, 0], [0, 0], [0, missing]]);
  const inputs = { query: padded(query), key: padded(key), value: padded(value) };
  return slice(runOperation('Physics.attention', inputs, attributes)[0], [0, 0, 0, 0], query.shape);
}
