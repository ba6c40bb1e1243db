// The shaders of attention: forward, and the three passes of its gradient, for each variant.
//
// The quad variant of the keys' and values' pass keeps the gradients of the scores ("steps"), B N Lk Lq numbers, from
// which the queries' gradient is one product; the others compute the scores again, in as much memory as the tensors.
// The head width is a multiple of 4 here; kernel.ts pads others. Widths above 64 run the register variant,
// whose registers do not grow with it. What it does not do: touch tensors.

import backwardKeyValue from '../../../shaders/attention/backward_key_value.wgsl?raw';
import backwardQuery from '../../../shaders/attention/backward_query.wgsl?raw';
import forward from '../../../shaders/attention/forward.wgsl?raw';
import quadBackwardKeyValue from '../../../shaders/attention/quad_backward_key_value.wgsl?raw';
import quadForward from '../../../shaders/attention/quad_forward.wgsl?raw';
import quadQueryFromSteps from '../../../shaders/attention/quad_query_from_steps.wgsl?raw';
import rowProducts from '../../../shaders/attention/row_products.wgsl?raw';
import stagedBackwardKeyValue from '../../../shaders/attention/staged_backward_key_value.wgsl?raw';
import stagedBackwardQuery from '../../../shaders/attention/staged_backward_query.wgsl?raw';
import stagedForward from '../../../shaders/attention/staged_forward.wgsl?raw';
import type { Program } from '../../engine/bridge.ts';
import { slabsFor } from '../quad-slabs.ts';
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
const quad: Partial<Record<Pass, string>> = { forward: quadForward, backward_key_value: quadBackwardKeyValue };
const staged: Record<Pass, string> = {
  forward: stagedForward,
  backward_query: stagedBackwardQuery,
  backward_key_value: stagedBackwardKeyValue,
};
/** Matrix products in a pass: scores and mixture; scores again, dP and dQ; scores again, dP, dV and dK. */
const products: Record<Pass, number> = { forward: 2, backward_query: 3, backward_key_value: 4 };
/** What the quad variant takes: widths that four neighbours load sixteen at a time, and that fit what stands still. */
const widestKept = 128;
const keptWidth = 16;
/** Queries of a slab that the forward pass has room for: MOST in its shader. */
const mostQueries = 256;
/** Steps of a key are padded to whole tiles of so many queries. */
const stepsTile = 32;
const registerRows = 4;
const registerGroup = 16;
const stagedThreads = 32;
/** Threads that share a row where rows are too few to fill a GPU. */
const splitParts = 4;
const widestStaged = 64;

/** A pass on a device. */
export interface AttentionPass {
  readonly program: Program;
  /** Whether the steps are one more output. */
  readonly keepsSteps: boolean;
}

type AttentionCandidate = Candidate & AttentionPass;

/** Shape of the steps: [B, N, Lk, Lq rounded up to whole tiles]. */
export function stepsShape({ batch, queries, keys, heads }: AttentionShape): number[] {
  return [batch, heads, keys, stepsTile * Math.ceil(queries / stepsTile)];
}

function bytesOfSteps(shape: AttentionShape): number {
  return 4 * stepsShape(shape).reduce((product, length) => product * length, 1);
}

/** How one pass runs. */
export function attentionPass(device: GPUDevice, pass: Pass, shape: AttentionShape): AttentionPass {
  const { batch, queries, keys, heads, width, scale } = shape;
  const rows = pass === 'backward_key_value' ? keys : queries;
  const constants = { QUERIES: queries, KEYS: keys, HEADS: heads, SCALE: scale };
  const bytes = bytesOf(pass, shape);
  const inRegisters = (): AttentionCandidate => {
    const threads = Math.ceil(rows / registerRows) * batch * heads;
    const program: Program = {
      shader: specialize(`attention/${pass}`, register[pass], {}),
      constants: { ...constants, GROUPS: batch * heads, CHUNKS: width / 4 },
      workgroups: [Math.ceil(threads / registerGroup), 1, 1],
    };
    return { program, bytes, keepsSteps: false };
  };
  const shared = fits(device, pass, shape) ? quad[pass] : undefined;
  const amongNeighbours = (source: string): AttentionCandidate => {
    const keepsSteps = pass === 'backward_key_value';
    const kept = keptRows(pass, width);
    const tile = { VECTORS: width / keptWidth, KEPT: kept, ...(keepsSteps && { FOURS: kept / 4 }) };
    const least = keepsSteps ? 1 : Math.ceil(rows / mostQueries);
    const slabs = Math.max(slabsFor(batch * heads, rows), least);
    const program: Program = {
      shader: specialize(`attention/quad_${pass}`, source, tile),
      constants: {
        ...constants, SLAB: Math.ceil(rows / slabs), ...(keepsSteps && { STEPS: stepsShape(shape)[3] / 4 }),
      },
      workgroups: [slabs, batch * heads, 1],
    };
    return { program, bytes: keepsSteps ? [...bytes, bytesOfSteps(shape)] : bytes, keepsSteps };
  };
  const throughWorkgroup = (parts: number) => (): AttentionCandidate => {
    const program: Program = {
      shader: specialize(`attention/staged_${pass}`, staged[pass], { CHUNKS: width / 4, PARTS: parts }),
      constants,
      workgroups: [Math.ceil(rows / stagedThreads), batch * heads, 1],
    };
    return { program, bytes, keepsSteps: false };
  };
  const key = `attention ${pass} ${batch}x${heads}x${queries}x${keys}x${width}`;
  const { program, keepsSteps } = choose(device, key, {
    ...(width <= widestStaged && {
      staged: throughWorkgroup(1), 'staged-split': throughWorkgroup(splitParts),
    }),
    ...(shared !== undefined && { quad: () => amongNeighbours(shared) }),
    register: inRegisters,
  }, 'staged');
  const operations = products[pass] * operationsOfProduct(shape);
  return { program: { ...program, operations }, keepsSteps };
}

/** Rows that a quad's thread keeps: as many as fit a processor's nearest cache, and its instructions too. */
function keptRows(pass: Pass, width: number): number {
  return pass === 'forward' ? Math.max(4, Math.min(16, Math.floor(512 / width))) : width <= 64 ? 8 : 4;
}

/** Four neighbours are of one group (a head of a batch): rows of each are padded to them. */
function quadWorkgroups(rows: number, groups: number): Program['workgroups'] {
  return [Math.ceil((4 * Math.ceil(rows / (4 * registerRows)) * groups) / registerGroup), 1, 1];
}

function operationsOfProduct({ batch, queries, keys, heads, width }: AttentionShape): number {
  return 2 * batch * heads * queries * keys * width;
}

/** Whether the quad variant can run a pass: not every width; the one that keeps steps binds nine buffers. */
function fits(device: GPUDevice, pass: Pass, shape: AttentionShape): boolean {
  const { maxStorageBuffersPerShaderStage: buffers, maxStorageBufferBindingSize: size } = device.limits;
  return hasNeighbours(device) && shape.width % keptWidth === 0 && shape.width <= widestKept
    && (pass !== 'backward_key_value' || (buffers >= 9 && bytesOfSteps(shape) <= size));
}

/** dQ from key and the steps that the keys' and values' pass kept. */
export function queryFromStepsProgram(shape: AttentionShape): Program {
  const { batch, queries, keys, heads, width } = shape;
  const BLOCKS = stepsShape(shape)[3] / 4;
  return {
    shader: specialize('attention/quad_query_from_steps', quadQueryFromSteps, {}),
    constants: { QUERIES: queries, KEYS: keys, HEADS: heads, GROUPS: batch * heads, CHUNKS: width / 4, BLOCKS },
    workgroups: quadWorkgroups(queries, batch * heads),
    operations: operationsOfProduct(shape),
  };
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
