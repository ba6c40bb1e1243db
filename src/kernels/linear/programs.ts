// The shaders of the linear layer: which module, which tile and which constants, for each of the three
// matrix products (forward, gradient to the input, gradient to the weight) and each variant.
//
// What it does not do: touch tensors (kernel.ts, gradient.ts).

import columnSums from '../../../shaders/linear/column_sums.wgsl?raw';
import geluGradient from '../../../shaders/linear/gelu_gradient.wgsl?raw';
import general from '../../../shaders/linear/general.wgsl?raw';
import quad from '../../../shaders/linear/quad.wgsl?raw';
import quadAdapterGradients from '../../../shaders/linear/quad_adapter_gradients.wgsl?raw';
import registerForward from '../../../shaders/linear/register_forward.wgsl?raw';
import registerInputGradient from '../../../shaders/linear/register_input_gradient.wgsl?raw';
import registerWeightGradient from '../../../shaders/linear/register_weight_gradient.wgsl?raw';
import staged from '../../../shaders/linear/staged.wgsl?raw';
import { flatWorkgroups } from '../../engine/bridge.ts';
import type { Program } from '../../engine/bridge.ts';
import { slabsFor } from '../quad-slabs.ts';
import { specialize } from '../specialize.ts';
import { stagedWays } from '../staged-tiles.ts';
import type { StagedTile } from '../staged-tiles.ts';
import { choose, forcedVariant, hasNeighbours } from '../variants.ts';
import type { LinearShape } from './oracle.ts';

/**
 * How a product's matrix is stored (halves.ts), what is added to it, and whether the sum before GELU is stored. The input
 * gradient knows `half` and `residual` only, the weight's none.
 */
export interface Options {
  half: boolean;
  bias: boolean;
  gelu: boolean;
  save: boolean;
  residual: boolean;
}

/** forward: x W. input: dY W^T. weight: x^T dY. */
export type Product = 'forward' | 'input' | 'weight';

interface Operands {
  M: number;
  K: number;
  N: number;
  LEFT_ROW: number;
  LEFT_DEPTH: number;
  RIGHT_DEPTH: number;
  RIGHT_COLUMN: number;
}

function operandsOf(product: Product, { rows, depth, columns }: LinearShape): Operands {
  switch (product) {
    case 'forward':
      return { M: rows, K: depth, N: columns, LEFT_ROW: depth, LEFT_DEPTH: 1, RIGHT_DEPTH: columns, RIGHT_COLUMN: 1 };
    case 'input':
      return { M: rows, K: columns, N: depth, LEFT_ROW: columns, LEFT_DEPTH: 1, RIGHT_DEPTH: 1, RIGHT_COLUMN: columns };
    case 'weight':
      return { M: depth, K: rows, N: columns, LEFT_ROW: 1, LEFT_DEPTH: depth, RIGHT_DEPTH: columns, RIGHT_COLUMN: 1 };
  }
}

/** The product alone, of f32. */
export const plain: Options = { half: false, bias: false, gelu: false, save: false, residual: false };
const registerGroup = 4;
const registerChunks = 2;

function storage({ half }: Options): Record<string, number> {
  return { FULL: Number(!half), HALF: Number(half) };
}

function flags(options: Options): Record<string, number> {
  const { bias, gelu, save, residual } = options;
  return { ...storage(options), BIAS: Number(bias), GELU: Number(gelu), SAVE: Number(save), RESIDUAL: Number(residual) };
}

function registerProgram(product: Product, shape: LinearShape, options: Options): Program {
  const { rows, depth, columns } = shape;
  const constants = { M: rows, K: depth, N: columns, GAIN: 1 };
  const groups = (outputs: number, tile: number): number => Math.ceil(outputs / tile / registerGroup);
  if (product === 'weight') {
    return {
      shader: specialize('linear/register_weight_gradient', registerWeightGradient, {}),
      constants,
      workgroups: [groups(columns, 4 * registerChunks), groups(depth, 8), 1],
    };
  }
  // Few rows (a modulation, a time embedding) would leave most of an 8-row tile empty.
  const tileRows = [1, 2, 4].find((tile) => rows <= tile) ?? 8;
  const [name, code, outputs, values] =
    product === 'forward'
      ? (['linear/register_forward', registerForward, columns, flags(options)] as const)
      : (['linear/register_input_gradient', registerInputGradient, depth,
        { ...storage(options), RESIDUAL: Number(options.residual) }] as const);
  return {
    shader: specialize(name, code, { ROWS: tileRows, ...values }),
    constants,
    workgroups: [groups(outputs, 4 * registerChunks), groups(rows, tileRows), 1],
  };
}

function stagedProgram(product: Product, shape: LinearShape, options: Options, tile: StagedTile): Program {
  const { M, K, N } = operandsOf(product, shape);
  const { THREADS: threads } = tile;
  return {
    shader: specialize('linear/staged', staged, { ...tile, ...flags(options) }),
    constants: {
      M,
      K,
      N,
      LEFT_TRANSPOSED: Number(product === 'weight'),
      RIGHT_TRANSPOSED: Number(product === 'input'),
      GAIN: 1,
    },
    workgroups: [Math.ceil(N / (4 * threads)), Math.ceil(M / (4 * threads)), 1],
  };
}

/** How much of the sum a quad's threads keep of the matrix; none where there are too few rows to pay for keeping it. */
function quadDepth({ M, K }: Operands): number | undefined {
  return M < 16 ? undefined : [128, 64, 32, 16].find((depth) => K % depth === 0);
}

/** A second product of small depth that is added, and its factor. */
interface LowRank {
  rank: number;
  scale: number;
}

function quadProgram(product: Product, shape: LinearShape, options: Options, depth: number, low?: LowRank): Program {
  const { M, K, N } = operandsOf(product, shape);
  const transposed = product === 'input';
  const chunks = N <= 16 ? 1 : N < 512 ? 2 : 4;
  const tiles = Math.ceil(N / (16 * chunks));
  const slabs = slabsFor(tiles, M);
  return {
    shader: specialize('linear/quad', quad, {
      VECTORS: depth / 16,
      CHUNKS: chunks,
      COLUMNS: 4 * chunks,
      FORWARD: Number(!transposed),
      TRANSPOSED: Number(transposed),
      ...flags(options),
      LOW_RANK: Number(low !== undefined),
    }),
    constants: { M, K, N, SLAB: Math.ceil(M / slabs), ...(low && { R: low.rank, SCALE: low.scale }), GAIN: 1 },
    workgroups: [tiles, slabs, 1],
  };
}

function generalProgram(product: Product, shape: LinearShape, options: Options): Program {
  const operands = operandsOf(product, shape);
  return {
    shader: specialize('linear/general', general, flags(options)),
    constants: { ...operands, GAIN: 1 },
    workgroups: [Math.ceil(operands.N / 16), Math.ceil(operands.M / 16), 1],
  };
}

/** The program of one of the three products. Inputs in order: left, right (halves or not), bias and residual if any. */
export function productProgram(
  device: GPUDevice,
  product: Product,
  shape: LinearShape,
  options: Options = plain,
): Program {
  const operands = operandsOf(product, shape);
  const { M, K, N } = operands;
  const { half, bias, save, residual } = options;
  const added = [...(bias ? [N] : []), ...(residual ? [M * N] : [])];
  const bytes = [M * K, half ? K * N / 2 : K * N, ...added, M * N, ...(save ? [M * N] : [])].map((count) => 4 * count);
  const general = () => ({ program: generalProgram(product, shape, options), bytes });
  const key = `linear ${product} ${M}x${K}x${N}${Object.entries(options).filter(([, on]) => on).map(([name]) => ` ${name}`).join('')}`;
  const operations = 2 * M * K * N;
  if (shape.depth % 4 !== 0 || shape.columns % 4 !== 0) {
    return { ...choose(device, key, { general }, 'general').program, operations };
  }
  // A 64 x 64 tile reuses its operands more, but needs enough of them to fill a GPU.
  const usual = Math.ceil(M / 64) * Math.ceil(N / 64) >= 128 ? 'staged-wide' : 'staged';
  const depthKept = product !== 'weight' && hasNeighbours(device) ? quadDepth(operands) : undefined;
  const { program } = choose(device, key, {
    ...stagedWays((tile) => ({ program: stagedProgram(product, shape, options, tile), bytes })),
    ...(depthKept !== undefined && { quad: () => ({ program: quadProgram(product, shape, options, depthKept), bytes }) }),
    register: () => ({ program: registerProgram(product, shape, options), bytes }),
    general,
  }, usual);
  return { ...program, operations };
}

/** Whether what an adapter of this rank adds has kernels of its own here, which take several products in one dispatch. */
function joinsProducts(device: GPUDevice, { depth, columns }: LinearShape, rank: number): boolean {
  const forced = forcedVariant();
  return hasNeighbours(device) && (forced === null || forced === 'quad')
    && rank % 16 === 0 && depth % 4 === 0 && columns % 4 === 0;
}

/**
 * x W + bias + scale low B, or dY W^T + scale low A^T for `input`, in one dispatch: inputs x or dY, W, bias if any,
 * low [M, R], the factor as it lies. Null where two products are faster or the shape does not suit.
 */
export function lowRankProgram(
  device: GPUDevice, product: 'forward' | 'input', shape: LinearShape, { rank, scale }: LowRank,
  options: Pick<Options, 'half' | 'bias'>,
): Program | null {
  const operands = operandsOf(product, shape);
  const depthKept = joinsProducts(device, shape, rank) ? quadDepth(operands) : undefined;
  if (depthKept === undefined) return null;
  const { M, K, N } = operands;
  const program = quadProgram(product, shape, { ...plain, ...options }, depthKept, { rank, scale });
  return { ...program, operations: 2 * M * (K + rank) * N };
}

/**
 * The gradients to both factors of an adapter of this rank in one dispatch, for x [M, K] and dY [M, N]: inputs x, inner,
 * down, dY; outputs dA, dB. Null where two products are faster or the shape does not suit.
 */
export function adapterGradientsProgram(
  device: GPUDevice, shape: LinearShape, rank: number, scale: number,
): Program | null {
  if (!joinsProducts(device, shape, rank)) return null;
  const { rows, depth, columns } = shape;
  const tiles = Math.ceil(depth / 64);
  return {
    shader: specialize('linear/quad_adapter_gradients', quadAdapterGradients, {}),
    constants: { M: rows, K: depth, N: columns, R: rank, TILES: tiles, SCALE: scale, GAIN: 1 },
    workgroups: [tiles + Math.ceil(columns / 64), rank / 16, 1],
    operations: 2 * rows * (depth + columns) * rank,
  };
}

/** Sums of the columns of a matrix [rows, columns]. */
export function columnSumsProgram(rows: number, columns: number): Program {
  return {
    shader: specialize('linear/column_sums', columnSums, {}),
    constants: { M: rows, N: columns },
    workgroups: [Math.ceil(columns / 8), 1, 1],
  };
}

/** Gradient through GELU over `size` values. */
export function geluGradientProgram(device: GPUDevice, size: number): Program {
  return {
    shader: specialize('linear/gelu_gradient', geluGradient, {}),
    constants: { SIZE: size },
    workgroups: flatWorkgroups(device, Math.ceil(size / 64)),
  };
}
