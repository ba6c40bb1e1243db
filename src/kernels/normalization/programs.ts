// The ways in which layer norm's forward pass and its gradient to the input can run. What it does not do: touch tensors.

import { flatWorkgroups } from '../../engine/bridge.ts';
import type { Program, Shader } from '../../engine/bridge.ts';
import { vectorized, vectorWidth } from '../elementwise.ts';
import { specialize } from '../specialize.ts';
import { choose, hasSubgroupIds } from '../variants.ts';
import type { NormalizationShape } from './oracle.ts';

/** Threads of a workgroup. */
export const workgroupThreads = 64;

/**
 * A pass over rows on a device: a row a thread ('register'); neighbouring threads on neighbouring values of a row, which
 * add up through workgroup memory ('staged') or, where a row takes a whole workgroup, within subgroups first
 * ('subgroups').
 * @param name of the shader and in the key
 * @param constants of this pass alone; with `rowsPerGate` it takes the gated sum (GATED) along
 * @param bytes of the buffers that it binds, in order, for a shape
 */
export function rowProgram(
  device: GPUDevice, name: string, source: string, shape: NormalizationShape, constants: Record<string, number>,
  bytes: readonly number[],
): Program {
  const { rows, channels, groups } = shape;
  const width = vectorWidth(channels);
  const C = channels / width;
  const { name: vectorName, code } = vectorized(name, source, width);
  const GATED = Number('rowsPerGate' in constants);
  const candidate = (lanes: number, SUBGROUPS = 0) => {
    const shader: Shader = specialize(vectorName, code, { GATED, SUBGROUPS });
    const rowsPerWorkgroup = workgroupThreads / lanes;
    const program: Program = {
      shader,
      constants: { rows, C, channels, rowsPerGroup: rows / groups, lanes, rowsPerWorkgroup, ...constants },
      workgroups: flatWorkgroups(device, Math.ceil(rows / rowsPerWorkgroup)),
    };
    return { program, bytes };
  };
  // A power of two, so that halves can be added.
  const lanes = [64, 16, 4].find((count) => count <= C) ?? 1;
  return choose(device, `${name} ${rows} in ${groups} of ${channels}${GATED ? ' gated' : ''}`, {
    register: () => candidate(1),
    ...(lanes > 1 && { staged: () => candidate(lanes) }),
    ...(lanes === workgroupThreads && hasSubgroupIds(device) && {
      subgroups: () => candidate(lanes, 1),
    }),
  }, 'staged').program;
}
