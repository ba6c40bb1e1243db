// modulation: shared [B, 6C] + table of 6C elements -> shift, scale, gate, shift, scale, gate, each [B, C]:
// what a condition, the same for all blocks, becomes in one of them (PixArt-alpha, arXiv:2310.00426). Oracle:
// oracle.ts. The gradients are a concatenation and a sum over the batch, by tfjs's own operations.

import { add, concat, registerGradient, reshape, split, sum } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import forwardSource from '../../../shaders/modulation/forward.wgsl?raw';
import { createOutput } from '../../engine/bridge.ts';
import { dispatchElementwise, vectorized, vectorWidth } from '../elementwise.ts';
import { registerOperation, runOperation } from '../register.ts';
import { modulationForward, modulationParts } from './oracle.ts';
import type { ModulationShape } from './oracle.ts';

function modulationShape(shared: number[], table: number[]): ModulationShape {
  const [batch, across] = shared;
  const elements = table.reduce((product, length) => product * length, 1);
  if (shared.length !== 2 || across % modulationParts !== 0 || elements !== across) {
    throw new Error(`modulation needs shared [B, ${modulationParts} C] and a table of as many elements a row, `
      + `got [${shared}] and [${table}].`);
  }
  return { batch, channels: across / modulationParts };
}

registerOperation({
  name: 'Physics.modulation',
  inputNames: ['shared', 'table'],
  webgpu(backend, [shared, table]) {
    const { batch, channels } = modulationShape(shared.shape, table.shape);
    const width = vectorWidth(channels);
    const outputs = Array.from({ length: modulationParts }, () => createOutput(backend, [batch, channels]));
    const shader = vectorized('modulation/forward', forwardSource, width);
    const C = channels / width;
    dispatchElementwise(backend, shader, batch * C, { C, unit: 1 }, [shared, table], outputs);
    return outputs;
  },
  cpu([shared, table]) {
    const shape = modulationShape(shared.shape, table.shape);
    return modulationForward(shared.values, table.values, shape).map((values) => ({
      values, shape: [shape.batch, shape.channels],
    }));
  },
  wasm: ([shared, table]) => split(add(shared, reshape(table, [1, -1])), modulationParts, 1),
});

registerGradient({
  kernelName: 'Physics.modulation',
  inputsToSave: ['table'],
  gradFunc(dy, [table]) {
    const parts = dy as Tensor[];
    return {
      shared: () => concat(parts, 1),
      table: () => reshape(sum(concat(parts, 1), 0), table.shape),
    };
  },
});

/** The six parts [B, C] of shared [B, 6C] + table (6C elements). Throws when the shapes do not fit. */
export function modulation(shared: Tensor, table: Tensor): Tensor[] {
  modulationShape(shared.shape, table.shape);
  return runOperation('Physics.modulation', { shared, table });
}
