// Shapes and thread layouts that layer norm's forward pass and gradients share.

import { isSoftwareAdapter } from '../variants.ts';
import type { NormalizationShape } from './oracle.ts';

/** Threads that work on one row together: a power of two, 1 for a row a thread. */
export type Lanes = 1 | 4 | 16 | 64;

/** Every variant, for suites that must cover all of them. */
export const laneVariants: readonly Lanes[] = [1, 4, 16, 64];

let forced: Lanes | null = null;

/** Makes every later dispatch use this many lanes; null ends that. */
export function forceLanes(lanes: Lanes | null): void {
  forced = lanes;
}

/** Threads of a workgroup. */
export const workgroupThreads = 64;

/**
 * Lanes for rows of `values` vec4s or scalars. A software adapter runs a row a thread fastest; on a GPU
 * neighbouring threads should read neighbouring values.
 */
export function chooseLanes(device: GPUDevice, values: number): Lanes {
  if (forced) return forced;
  if (isSoftwareAdapter(device.adapterInfo)) return 1;
  return laneVariants.findLast((lanes) => lanes <= values) ?? 1;
}

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
