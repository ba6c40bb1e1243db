// The shaders of the causal convolution: forward, gradient to the input and gradient to the filter, for each
// variant. What it does not do: touch tensors (kernel.ts, gradient.ts).

import general from '../../../shaders/convolution/general.wgsl?raw';
import generalFilterGradient from '../../../shaders/convolution/general_filter_gradient.wgsl?raw';
import quad from '../../../shaders/convolution/quad.wgsl?raw';
import quadFilterGradient from '../../../shaders/convolution/quad_filter_gradient.wgsl?raw';
import registerFilterGradient from '../../../shaders/convolution/register_filter_gradient.wgsl?raw';
import registerForward from '../../../shaders/convolution/register_forward.wgsl?raw';
import registerInputGradient from '../../../shaders/convolution/register_input_gradient.wgsl?raw';
import staged from '../../../shaders/convolution/staged.wgsl?raw';
import stagedFilterGradient from '../../../shaders/convolution/staged_filter_gradient.wgsl?raw';
import { flatWorkgroups } from '../../engine/bridge.ts';
import type { Program, Shader } from '../../engine/bridge.ts';
import { slabsFor } from '../quad-slabs.ts';
import { specialize } from '../specialize.ts';
import { stagedWays } from '../staged-tiles.ts';
import type { StagedTile } from '../staged-tiles.ts';
import { choose, hasNeighbours } from '../variants.ts';
import type { Candidate, Candidates, Variant } from '../variants.ts';
import type { ConvolutionShape } from './oracle.ts';

/** The gradient to the filter comes in partial sums: a program for them, and how many there are. */
export interface FilterGradientProgram extends Candidate {
  readonly slices: number;
}

const group = 16;
const volume = ([a, b, c]: readonly number[]): number => a * b * c;

/** Whether the channels allow loads of four at a time. */
function inFours({ channelsIn, channelsOut }: ConvolutionShape): boolean {
  return channelsIn % 4 === 0 && channelsOut % 4 === 0;
}

function keyOf(pass: string, { batch, input, kernel, stride, channelsIn, channelsOut }: ConvolutionShape): string {
  return `convolution ${pass} ${batch}x${input.join('x')} ${kernel.join('x')} / ${stride.join('x')} `
    + `${channelsIn} to ${channelsOut}`;
}

/** Bytes of input, filter, bias and output. */
function bytesOf({ batch, input, output, kernel, channelsIn, channelsOut }: ConvolutionShape): Record<'x' | 'filter' | 'bias' | 'y', number> {
  return {
    x: 4 * batch * volume(input) * channelsIn,
    filter: 4 * volume(kernel) * channelsIn * channelsOut,
    bias: 4 * channelsOut,
    y: 4 * batch * volume(output) * channelsOut,
  };
}

/** Products and sums of each of the three passes: they pair the same values. */
function operationsOf({ batch, output, kernel, channelsIn, channelsOut }: ConvolutionShape): number {
  return 2 * batch * volume(output) * volume(kernel) * channelsIn * channelsOut;
}

/** Kernel and stride, which every module takes. */
function geometry({ kernel, stride }: ConvolutionShape): Record<string, number> {
  const [KT, KH, KW] = kernel;
  const [ST, SH, SW] = stride;
  return { KT, KH, KW, ST, SH, SW };
}

/** Sizes of what is read, and sizes and count of the positions of what is written. */
function sizes(source: readonly number[], result: readonly number[], batch: number): Record<string, number> {
  const [T, H, W] = source;
  const [OT, OH, OW] = result;
  return { POSITIONS: batch * volume(result), T, H, W, OT, OH, OW };
}

/** Registers a thread takes for `columns` channels: 8 x 8 outputs, or 4 x 12 where 12 divides and 8 does not. */
function registerTile(columns: number): { ROWS: number; CHUNKS: number } {
  if (columns <= 4) return { ROWS: 8, CHUNKS: 1 };
  return columns % 8 !== 0 && columns % 12 === 0 ? { ROWS: 4, CHUNKS: 3 } : { ROWS: 8, CHUNKS: 2 };
}

function registerWorkgroups(
  device: GPUDevice,
  positions: number,
  columns: number,
  { ROWS, CHUNKS }: { ROWS: number; CHUNKS: number },
): Program['workgroups'] {
  const threads = Math.ceil(positions / ROWS) * Math.ceil(columns / (4 * CHUNKS));
  return flatWorkgroups(device, Math.ceil(threads / group));
}

/** A 64 x 64 tile reuses its operands more, but needs enough of them to fill a GPU. */
function usualOf({ POSITIONS: positions, N: columns }: Record<string, number>): Variant {
  return columns > 32 && Math.ceil(positions / 64) * Math.ceil(columns / 64) >= 128 ? 'staged-wide' : 'staged';
}

function stagedProgram(
  device: GPUDevice,
  constants: Record<string, number>,
  bias: boolean,
  gradient: boolean,
  tile: StagedTile,
): Program {
  const { POSITIONS: positions, N: columns } = constants;
  const side = 4 * tile.THREADS;
  const tiles = Math.ceil(positions / side) * Math.ceil(columns / side);
  return {
    shader: specialize('convolution/staged', staged, { ...tile, BIAS: Number(bias) }),
    constants: { ...constants, GRADIENT: Number(gradient), GAIN: 1 },
    workgroups: flatWorkgroups(device, tiles),
  };
}

function quadProgram(
  device: GPUDevice, constants: Record<string, number>, bias: boolean, gradient: boolean,
): Program {
  const { POSITIONS: positions, OW, K: depth, N: columns, KT, KH, KW, ...sizesOfRest } = constants;
  const chunks = columns <= 16 ? 1 : 2;
  const units = KT * KH * KW * depth / 4;
  // Four units a vector, and eight vectors at most, so that what stands still fits a processor's nearest cache.
  const vectors = Math.ceil(units / 4 / Math.ceil(units / 32));
  const lines = positions / OW;
  const tiles = Math.ceil(columns / (16 * chunks));
  const slabs = Math.min(slabsFor(tiles, positions), lines);
  return {
    shader: specialize('convolution/quad', quad, {
      VECTORS: vectors,
      CHUNKS: chunks,
      COLUMNS: 4 * chunks,
      FORWARD: Number(!gradient),
      GRADIENT: Number(gradient),
      BIAS: Number(bias),
    }),
    constants: {
      ...sizesOfRest, OW, K: depth, N: columns, KT, KH, KW,
      UNITS: units, LINES: lines, SLAB: Math.ceil(lines / slabs), GAIN: 1,
    },
    workgroups: flatWorkgroups(device, tiles * slabs),
  };
}

function generalProgram(
  device: GPUDevice,
  constants: Record<string, number>,
  bias: boolean,
  gradient: boolean,
): Program {
  const { POSITIONS: positions, K: depth, N: columns } = constants;
  const steps = gradient ? { DEPTH_STEP: 1, COLUMN_STEP: depth } : { DEPTH_STEP: columns, COLUMN_STEP: 1 };
  return {
    shader: specialize('convolution/general', general, { BIAS: Number(bias) }),
    constants: { ...constants, ...steps, GRADIENT: Number(gradient), GAIN: 1 },
    workgroups: flatWorkgroups(device, Math.ceil((positions * Math.ceil(columns / 4)) / group)),
  };
}

/** Forward: inputs x, filter and bias if any. */
export function forwardProgram(device: GPUDevice, shape: ConvolutionShape, bias: boolean): Program {
  const { batch, input, output, channelsIn, channelsOut } = shape;
  const constants = { ...sizes(input, output, batch), ...geometry(shape) };
  const asProduct = { ...constants, K: channelsIn, N: channelsOut };
  const { x, filter, bias: row, y } = bytesOf(shape);
  const bytes = [x, filter, ...(bias ? [row] : []), y];
  const inRegisters = (): Candidate => {
    const tile = registerTile(channelsOut);
    const program: Program = {
      shader: specialize('convolution/register_forward', registerForward, { ...tile, BIAS: Number(bias) }),
      constants: { ...constants, CIN: channelsIn, COUT: channelsOut, GAIN: 1 },
      workgroups: registerWorkgroups(device, constants['POSITIONS'], channelsOut, tile),
    };
    return { program, bytes };
  };
  const key = keyOf(bias ? 'forward with bias' : 'forward', shape);
  const ways = waysOf(device, shape, asProduct, bias, false, bytes, inRegisters);
  return { ...choose(device, key, ways, usualOf(asProduct)).program, operations: operationsOf(shape) };
}

/** The ways to run a pass over positions, forward or to the input. */
function waysOf(
  device: GPUDevice, shape: ConvolutionShape, constants: Record<string, number>, bias: boolean, gradient: boolean,
  bytes: number[], register: () => Candidate,
): Candidates {
  const general = (): Candidate => ({ program: generalProgram(device, constants, bias, gradient), bytes });
  if (!inFours(shape)) return { general };
  // Few positions do not pay for filters that stand still; a stride's gradient divides, which this shader does not.
  const quads = hasNeighbours(device) && constants['POSITIONS'] >= 16
    && (!gradient || shape.stride.every((step) => step === 1));
  return {
    ...stagedWays((tile) => ({ program: stagedProgram(device, constants, bias, gradient, tile), bytes })), register, general,
    ...(quads && {
      quad: (): Candidate => ({ program: quadProgram(device, constants, bias, gradient), bytes }),
    }),
  };
}

/** Gradient to the input: inputs dy and filter. */
export function inputGradientProgram(device: GPUDevice, shape: ConvolutionShape): Program {
  const { batch, input, output, channelsIn, channelsOut } = shape;
  const { x, filter, y } = bytesOf(shape);
  const bytes = [y, filter, x];
  const inRegisters = (): Candidate => {
    const tile = registerTile(channelsIn);
    const [T, H, W] = input;
    const [OT, OH, OW] = output;
    const positions = batch * volume(input);
    const program: Program = {
      shader: specialize('convolution/register_input_gradient', registerInputGradient, tile),
      constants: {
        ...geometry(shape), POSITIONS: positions, T, H, W, OT, OH, OW, CIN: channelsIn, COUT: channelsOut,
      },
      workgroups: registerWorkgroups(device, positions, channelsIn, tile),
    };
    return { program, bytes };
  };
  const constants = { ...sizes(output, input, batch), ...geometry(shape), K: channelsOut, N: channelsIn };
  const ways = waysOf(device, shape, constants, false, true, bytes, inRegisters);
  const { program } = choose(device, keyOf('to the input', shape), ways, usualOf(constants));
  return { ...program, operations: operationsOf(shape) };
}

/** As many slices as bring `units` of work to `wanted`, but none shorter than `least` of `length`. */
function slicesFor(units: number, wanted: number, length: number, least: number): number {
  return Math.max(1, Math.min(Math.ceil(wanted / units), Math.floor(length / least)));
}

/** Gradient to the filter: inputs x and dy; output [slices, kT, kH, kW, Cin, Cout]. */
export function filterGradientProgram(device: GPUDevice, shape: ConvolutionShape): FilterGradientProgram {
  const { batch, input, output, kernel, channelsIn, channelsOut } = shape;
  const { x, filter, y } = bytesOf(shape);
  const taps = volume(kernel);
  const { POSITIONS: positions, ...extents } = sizes(input, output, batch);
  const constants = { ...extents, ...geometry(shape), CIN: channelsIn, COUT: channelsOut };
  const planned = (
    shader: Shader,
    units: number,
    slices: number,
    length: Record<string, number>,
    perWorkgroup: number,
  ): FilterGradientProgram => ({
    program: {
      shader,
      operations: operationsOf(shape),
      constants: { ...constants, ...length, SLICES: slices },
      workgroups: flatWorkgroups(device, Math.ceil((units * slices) / perWorkgroup)),
    },
    slices,
    bytes: [x, y, slices * filter],
  });
  const inRegisters = (): FilterGradientProgram => {
    const units = taps * Math.ceil(channelsIn / 8) * Math.ceil(channelsOut / 8);
    const lines = batch * output[0] * output[1];
    const shader = specialize('convolution/register_filter_gradient', registerFilterGradient, {});
    return planned(shader, units, slicesFor(units, 512, lines, 1), { LINES: lines }, group);
  };
  const amongNeighbours = (): FilterGradientProgram => {
    const tiles = Math.ceil(channelsIn / 16) * Math.ceil(channelsOut / 32);
    const lines = batch * output[0] * output[1];
    // A processor has few threads, and partial sums are read again.
    const slices = slicesFor(tiles * taps, 16, lines, 1);
    // Neighbourhoods of one workgroup share tap and slice: no more of them than there are tiles to take.
    const perWorkgroup = [4, 3, 2].find((count) => tiles % count === 0) ?? 1;
    const shader = specialize('convolution/quad_filter_gradient', quadFilterGradient, { GROUP: 4 * perWorkgroup });
    const { program, ...rest } = planned(shader, tiles, slices, { LINES: lines }, perWorkgroup);
    return { program: { ...program, workgroups: [tiles / perWorkgroup, taps, slices] }, ...rest };
  };
  const throughWorkgroup = (): FilterGradientProgram => {
    const units = taps * Math.ceil(channelsIn / 32) * Math.ceil(channelsOut / 32);
    const shader = specialize('convolution/staged_filter_gradient', stagedFilterGradient, {});
    return planned(shader, units, slicesFor(units, 512, positions, 64), { POSITIONS: positions }, 1);
  };
  const inScalars = (): FilterGradientProgram => {
    const units = taps * channelsIn * channelsOut;
    const shader = specialize('convolution/general_filter_gradient', generalFilterGradient, {});
    return planned(shader, units, slicesFor(units, 512, positions, 64), { POSITIONS: positions }, group);
  };
  if (!inFours(shape)) return choose(device, keyOf('to the filter', shape), { general: inScalars }, 'staged');
  const padded = Math.ceil(channelsIn / 16) * 16 * Math.ceil(channelsOut / 32) * 32;
  // Channels that fill the tiles badly cost more than sharing saves.
  const fits = padded <= 1.3 * channelsIn * channelsOut;
  return choose(device, keyOf('to the filter', shape), {
    staged: throughWorkgroup, register: inRegisters, general: inScalars,
    ...(fits && hasNeighbours(device) && { quad: amongNeighbours }),
  }, 'staged');
}
