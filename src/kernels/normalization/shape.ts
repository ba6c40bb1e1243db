// Shapes of layer norm, and the ways in which its forward pass and its gradient to the input can run.

import type { Program, Shader } from '../../engine/bridge.ts';
import { flatWorkgroups } from '../../engine/bridge.ts';
import { vectorized, vectorWidth } from '../elementwise.ts';
import { specialize } from '../specialize.ts';
import { choose, hasSubgroupIds } from '../variants.ts';
import type { NormalizationShape } from './oracle.ts';

/** Threads of a workgroup. */
export const workgroupThreads = 64;

/** Rows, channels and groups of x [B, .., C] with scale [groups, C]. Throws when they do not fit. */
export function normalizationShape(x: number[], scale: number[]): NormalizationShape {
  const channels = x[x.length - 1];
  const rows = x.slice(0, -1).reduce((product, length) => product * length, 1);
  const [groups, width] = scale;
  if (scale.length !== 2 || width !== channels || (groups !== 1 && groups !== x[0])) {
    const wanted = `[1, ${channels}] or [${x[0]}, ${channels}]`;
    throw new Error(`layerNorm of x [${x}] needs scale and shift ${wanted}, got [${scale}].`);
  }
  return { rows, channels, groups };
}

/**
 * A pass over rows on a device: a row a thread ('register'); neighbouring threads on neighbouring values of a row, which
 * add up through workgroup memory ('staged') or, where a row takes a whole workgroup, within subgroups first
 * ('subgroups').
 * @param name of the shader and in the key
 * @param constants of this pass alone
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
  const candidate = (lanes: number, shader: Shader = specialize(vectorName, code, {})) => {
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
  return choose(device, `${name} ${rows} in ${groups} of ${channels}`, {
    register: () => candidate(1),
    ...(lanes > 1 && { staged: () => candidate(lanes) }),
    ...(lanes === workgroupThreads && hasSubgroupIds(device) && {
      subgroups: () => candidate(lanes, specialize(vectorName, code, { SUBGROUPS: 1 })),
    }),
  }, 'staged').program;
}
