// rigid: motion as that of rigid bodies, in two passes, over rows and over columns. Oracle: oracle.ts. It has no gradient:
// what it serves, the autoencoder's decoder, is frozen in the browser.

import type { Tensor } from '@tensorflow/tfjs-core';
import columnsSource from '../../../shaders/rigid/columns.wgsl?raw';
import rowsSource from '../../../shaders/rigid/rows.wgsl?raw';
import { createOutput, release } from '../../engine/bridge.ts';
import { dispatchElementwise } from '../elementwise.ts';
import { registerOperation, runOperation } from '../register.ts';
import { rigidLoops } from './loops.ts';
import { believed, nothing, reach, rigidForward, unturned } from './oracle.ts';
import type { RigidShape } from './oracle.ts';

function rigidShape([offsets]: number[][]): RigidShape {
  const [batch, frames, height, width] = offsets;
  return { pictures: batch * frames, height, width };
}

registerOperation({
  name: 'Physics.rigid',
  inputNames: ['offsets', 'weight'],
  webgpu(backend, [offsets, weight]) {
    const { pictures, height: H, width: W } = rigidShape([offsets.shape]);
    const size = pictures * H * W;
    const sums = createOutput(backend, [...weight.shape, 8]);
    const y = createOutput(backend, offsets.shape);
    dispatchElementwise(backend, { name: 'rigid/rows', code: rowsSource }, size, { W, reach }, [offsets, weight], [sums]);
    const constants = { H, W, reach, unturned, believed, nothing, unit: 1 };
    dispatchElementwise(backend, { name: 'rigid/columns', code: columnsSource }, size, constants, [sums], [y]);
    release(backend, sums);
    return [y];
  },
  cpu([offsets, weight]) {
    const values = rigidForward(offsets.values, weight.values, rigidShape([offsets.shape]));
    return [{ values, shape: offsets.shape }];
  },
  loops: {
    shapes: ([offsets]) => [offsets],
    run: (inputs, [y], shapes) => rigidLoops(inputs, y, rigidShape(shapes)),
  },
});

/**
 * Offsets as those of rigid bodies: at every pixel what the turn and the shift say that are nearest to the offsets within 7
 * pixels of it, by weighted squares. Also beside a body, where there are no offsets of its own; 0 where none is near.
 * @param offsets [B, T, H, W, 2]: x, y in pixels, from a pixel to its source
 * @param weight [B, T, H, W]: how certainly each pixel moves so, 0 or more
 * @returns [B, T, H, W, 2]
 * @throws when the shapes do not fit
 */
export function rigid(offsets: Tensor, weight: Tensor): Tensor {
  const fits = offsets.rank === 5 && offsets.shape[4] === 2 && weight.rank === 4;
  if (!fits || weight.shape.some((length, axis) => length !== offsets.shape[axis])) {
    throw new Error(`rigid needs offsets [B, T, H, W, 2] and weight [B, T, H, W], got [${offsets.shape}] and [${weight.shape}].`);
  }
  return runOperation('Physics.rigid', { offsets, weight })[0];
}
