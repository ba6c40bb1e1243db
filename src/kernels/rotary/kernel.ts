// qkv [B, L, 3 N D] -> query, key, value [B, L, N, D] in one dispatch: split into heads, RMS norm of query and
// key with learned scales, rotary positions. The output layout is what attention reads.
//
// D is a multiple of 8, so that half a head's vector is made of whole vec4. No angles are computed here.

import type { Tensor } from '@tensorflow/tfjs-core';
import { createOutput, dispatch } from '../../engine/bridge.ts';
import { registerOperation, runOperation } from '../register.ts';
import { rotaryShape } from './gradient.ts';
import { rotaryLoops } from './loops.ts';
import { rotaryForward } from './oracle.ts';
import { rotaryForwardProgram } from './programs.ts';

registerOperation({
  name: 'Physics.rotaryQueryKey',
  inputNames: ['qkv', 'queryScale', 'keyScale', 'cos', 'sin'],
  webgpu(backend, inputs, attributes) {
    const shape = rotaryShape(inputs[0].shape, attributes);
    const { batch, length, heads, width } = shape;
    const outputs = [0, 1, 2].map(() => createOutput(backend, [batch, length, heads, width]));
    dispatch(backend, rotaryForwardProgram(shape), inputs, outputs);
    return outputs;
  },
  cpu(inputs, attributes) {
    const shape = rotaryShape(inputs[0].shape, attributes);
    const [qkv, queryScale, keyScale, cos, sin] = inputs.map(({ values }) => values);
    const { query, key, value } = rotaryForward(qkv, { queryScale, keyScale, cos, sin }, shape);
    const { batch, length, heads, width } = shape;
    return [query, key, value].map((values) => ({ values, shape: [batch, length, heads, width] }));
  },
  loops: {
    shapes([qkv], attributes) {
      const { batch, length, heads, width } = rotaryShape(qkv, attributes);
      return [0, 1, 2].map(() => [batch, length, heads, width]);
    },
    run: (inputs, outputs, [qkv], attributes) => rotaryLoops(inputs, outputs, rotaryShape(qkv, attributes)),
  },
});

/**
 * Query, key and value for attention.
 * @param qkv [B, L, 3 N D]: query, key, value, each N heads of D
 * @param queryScale [D]
 * @param keyScale [D]
 * @param cos [L, D / 2], cosines of the positions' angles
 * @param sin [L, D / 2]
 * @param heads N
 * @returns query, key and value, each [B, L, N, D]
 * @throws when the shapes do not belong together or D is not a multiple of 8
 */
export function rotaryQueryKey(
  qkv: Tensor,
  queryScale: Tensor,
  keyScale: Tensor,
  cos: Tensor,
  sin: Tensor,
  heads: number,
): [query: Tensor, key: Tensor, value: Tensor] {
  const [, length, channels] = qkv.shape;
  const width = channels / (3 * heads);
  const angles = (length * width) / 2;
  const fits = queryScale.size === width && keyScale.size === width && cos.size === angles && sin.size === angles;
  if (qkv.rank !== 3 || width % 8 !== 0 || !fits) {
    throw new Error(
      `rotaryQueryKey: qkv [${qkv.shape}] with ${heads} heads, scales [${queryScale.shape}] and ` +
        `[${keyScale.shape}], angles [${cos.shape}] and [${sin.shape}] do not fit, or D is no multiple of 8.`,
    );
  }
  const inputs = { qkv, queryScale, keyScale, cos, sin };
  const [query, key, value] = runOperation('Physics.rotaryQueryKey', inputs, { heads });
  return [query, key, value];
}
