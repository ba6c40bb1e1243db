// The shaders of the causal convolution: forward, gradient to the input and gradient to the filter, for each
// variant. What it does not do: touch tensors (kernel.ts, gradient.ts).

import general from '../../../shaders/convolution/general.wgsl?raw';
import generalFilterGradient from '../../../shaders/convolution/general_filter_gradient.wgsl?raw';
import registerFilterGradient from '../../../shaders/convolution/register_filter_gradient.wgsl?raw';
import registerForward from '../../../shaders/convolution/register_forward.wgsl?raw';
import registerInputGradient from '../../../shaders/convolution/register_input_gradient.wgsl?raw';
import staged from '../../../shaders/convolution/staged.wgsl?raw';
import stagedFilterGradient from '../../../shaders/convolution/staged_filter_gradient.wgsl?raw';
import { flatWorkgroups } from '../../engine/bridge.ts';
import type { Program, Shader } from '../../engine/bridge.ts';
import { specialize } from '../specialize.ts';
import { chooseVariant } from '../variants.ts';
import type { Variant } from '../variants.ts';
import type { ConvolutionShape } from './oracle.ts';

/** The gradient to the filter comes in partial sums: a program for them, and how many there are. */
export interface FilterGradientProgram {
  program: Program;
  slices: number;
}

const group = 16;
const volume = ([a, b, c]: readonly number[]): number => a * b * c;

function variantOf(device: GPUDevice, { channelsIn, channelsOut }: ConvolutionShape): Variant {
  return chooseVariant(device, channelsIn % 4 === 0 && channelsOut % 4 === 0);
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

function stagedProgram(
  device: GPUDevice,
  constants: Record<string, number>,
  bias: boolean,
  gradient: boolean,
): Program {
  const { POSITIONS: positions, N: columns } = constants;
  // A 64 x 64 tile reuses its operands more, but needs enough of them to fill a GPU.
  const threads = columns > 32 && Math.ceil(positions / 64) * Math.ceil(columns / 64) >= 128 ? 16 : 8;
  const tiles = Math.ceil(positions / (4 * threads)) * Math.ceil(columns / (4 * threads));
  return {
    shader: specialize('convolution/staged', staged, { THREADS: threads, BIAS: Number(bias) }),
    constants: { ...constants, GRADIENT: Number(gradient), GAIN: 1 },
    workgroups: flatWorkgroups(device, tiles),
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
  const variant = variantOf(device, shape);
  if (variant === 'register') {
    const tile = registerTile(channelsOut);
    return {
      shader: specialize('convolution/register_forward', registerForward, { ...tile, BIAS: Number(bias) }),
      constants: { ...constants, CIN: channelsIn, COUT: channelsOut, GAIN: 1 },
      workgroups: registerWorkgroups(device, constants['POSITIONS'], channelsOut, tile),
    };
  }
  const make = variant === 'staged' ? stagedProgram : generalProgram;
  return make(device, { ...constants, K: channelsIn, N: channelsOut }, bias, false);
}

/** Gradient to the input: inputs dy and filter. */
export function inputGradientProgram(device: GPUDevice, shape: ConvolutionShape): Program {
  const { batch, input, output, channelsIn, channelsOut } = shape;
  const variant = variantOf(device, shape);
  if (variant === 'register') {
    const tile = registerTile(channelsIn);
    const [T, H, W] = input;
    const [OT, OH, OW] = output;
    const positions = batch * volume(input);
    return {
      shader: specialize('convolution/register_input_gradient', registerInputGradient, tile),
      constants: {
        ...geometry(shape),
        POSITIONS: positions,
        T,
        H,
        W,
        OT,
        OH,
        OW,
        CIN: channelsIn,
        COUT: channelsOut,
      },
      workgroups: registerWorkgroups(device, positions, channelsIn, tile),
    };
  }
  const constants = { ...sizes(output, input, batch), ...geometry(shape), K: channelsOut, N: channelsIn };
  const make = variant === 'staged' ? stagedProgram : generalProgram;
  return make(device, constants, false, true);
}

/** As many slices as bring `units` of work to `wanted`, but none shorter than `least` of `length`. */
function slicesFor(units: number, wanted: number, length: number, least: number): number {
  return Math.max(1, Math.min(Math.ceil(wanted / units), Math.floor(length / least)));
}

/** Gradient to the filter: inputs x and dy; output [slices, kT, kH, kW, Cin, Cout]. */
export function filterGradientProgram(device: GPUDevice, shape: ConvolutionShape): FilterGradientProgram {
  const { batch, input, output, kernel, channelsIn, channelsOut } = shape;
  const variant = variantOf(device, shape);
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
      constants: { ...constants, ...length, SLICES: slices },
      workgroups: flatWorkgroups(device, Math.ceil((units * slices) / perWorkgroup)),
    },
    slices,
  });
  if (variant === 'register') {
    const units = taps * Math.ceil(channelsIn / 8) * Math.ceil(channelsOut / 8);
    const lines = batch * output[0] * output[1];
    const shader = specialize('convolution/register_filter_gradient', registerFilterGradient, {});
    return planned(shader, units, slicesFor(units, 512, lines, 1), { LINES: lines }, group);
  }
  if (variant === 'staged') {
    const units = taps * Math.ceil(channelsIn / 32) * Math.ceil(channelsOut / 32);
    const shader = specialize('convolution/staged_filter_gradient', stagedFilterGradient, {});
    return planned(shader, units, slicesFor(units, 512, positions, 64), { POSITIONS: positions }, 1);
  }
  const units = taps * channelsIn * channelsOut;
  const shader = specialize('convolution/general_filter_gradient', generalFilterGradient, {});
  return planned(shader, units, slicesFor(units, 512, positions, 64), { POSITIONS: positions }, group);
}
