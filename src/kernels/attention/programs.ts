// The shaders of attention: forward, and the three passes of its gradient, for each variant.
//
// The head width is a multiple of 4 here; kernel.ts pads others. Widths above 64 run the register variant,
// whose registers do not grow with it. What it does not do: touch tensors.

import backwardKeyValue from '../../../shaders/attention/backward_key_value.wgsl?raw';
import backwardQuery from '../../../shaders/attention/backward_query.wgsl?raw';
import forward from '../../../shaders/attention/forward.wgsl?raw';
import quadBackwardKeyValue from '../../../shaders/attention/quad_backward_key_value.wgsl?raw';
import quadBackwardQuery from '../../../shaders/attention/quad_backward_query.wgsl?raw';
import quadForward from '../../../shaders/attention/quad_forward.wgsl?raw';
import rowProducts from '../../../shaders/attention/row_products.wgsl?raw';
import stagedBackwardKeyValue from '../../../shaders/attention/staged_backward_key_value.wgsl?raw';
import stagedBackwardQuery from '../../../shaders/attention/staged_backward_query.wgsl?raw';
import stagedForward from '../../../shaders/attention/staged_forward.wgsl?raw';
import type { Program } from '../../engine/bridge.ts';
import { specialize } from '../specialize.ts';
import { choose, hasNeighbours } from '../variants.ts';
import type { Candidate } from '../variants.ts';
import type { AttentionShape } from './oracle.ts';

/** The passes that walk tiles: over keys for a block of queries, or over queries for a block of keys. */
export type Pass = 'forward' | 'backward_query' | 'backward_key_value';

const register: Record<Pass, string> = {
  forward,
  backward_query: backwardQuery,
  backward_key_value: backwardKeyValue,
};
const quad: Record<Pass, string> = {
  forward: quadForward,
  backward_query: quadBackwardQuery,
  backward_key_value: quadBackwardKeyValue,
};
const staged: Record<Pass, string> = {
  forward: stagedForward,
  backward_query: stagedBackwardQuery,
  backward_key_value: stagedBackwardKeyValue,
};
/** Matrix products in a pass: scores and mixture; scores again, dP and dQ; scores again, dP, dV and dK. */
const products: Record<Pass, number> = { forward: 2, backward_query: 3, backward_key_value: 4 };
const registerRows = 4;
const registerGroup = 16;
const stagedThreads = 32;
const widestStaged = 64;

/** The program of one pass. */
export function attentionProgram(device: GPUDevice, pass: Pass, shape: AttentionShape): Program {
  const { batch, queries, keys, heads, width, scale } = shape;
  const rows = pass === 'backward_key_value' ? keys : queries;
  const constants = { QUERIES: queries, KEYS: keys, HEADS: heads, SCALE: scale };
  const bytes = bytesOf(pass, shape);
  const inRegisters = (): Candidate => {
    const threads = Math.ceil(rows / registerRows) * batch * heads;
    const program: Program = {
      shader: specialize(`attention/${pass}`, register[pass], {}),
      constants: { ...constants, GROUPS: batch * heads, CHUNKS: width / 4 },
      workgroups: [Math.ceil(threads / registerGroup), 1, 1],
    };
    return { program, bytes };
  };
  const amongNeighbours = (): Candidate => {
    const threads = 4 * Math.ceil(rows / (4 * registerRows)) * batch * heads;
    const program: Program = {
      shader: specialize(`attention/quad_${pass}`, quad[pass], {}),
      constants: { ...constants, GROUPS: batch * heads, CHUNKS: width / 4 },
      workgroups: [Math.ceil(threads / registerGroup), 1, 1],
    };
    return { program, bytes };
  };
  const throughWorkgroup = (): Candidate => {
    const program: Program = {
      shader: specialize(`attention/staged_${pass}`, staged[pass], { CHUNKS: width / 4 }),
      constants,
      workgroups: [Math.ceil(rows / stagedThreads), batch * heads, 1],
    };
    return { program, bytes };
  };
  const key = `attention ${pass} ${batch}x${heads}x${queries}x${keys}x${width}`;
  const { program } = choose(device, key, {
    ...(width <= widestStaged && { staged: throughWorkgroup }),
    ...(hasNeighbours(device) && { quad: amongNeighbours }),
    register: inRegisters,
  }, 'staged');
  return { ...program, operations: 2 * products[pass] * batch * heads * queries * keys * width };
}

/** Bytes of the buffers of a pass, in the order of its bindings. */
function bytesOf(pass: Pass, { batch, queries, keys, heads, width }: AttentionShape): number[] {
  const [query, key, row] = [queries * width, keys * width, queries].map((count) => 4 * batch * heads * count);
  switch (pass) {
    case 'forward':
      return [query, key, key, query, row];
    case 'backward_query':
      return [query, key, key, query, row, row, query];
    case 'backward_key_value':
      return [query, key, key, query, row, row, key, key];
  }
}

/** D_i = dO_i . O_i. */
export function rowProductsProgram(shape: AttentionShape): Program {
  const { batch, queries, heads, width } = shape;
  return {
    shader: specialize('attention/row_products', rowProducts, {}),
    constants: { QUERIES: queries, HEADS: heads, GROUPS: batch * heads, CHUNKS: width / 4 },
    workgroups: [Math.ceil((batch * heads * queries) / 64), 1, 1],
  };
}
