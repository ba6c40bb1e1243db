// Gradients of x + gate y: dx = dout, dy = gate dout, dgate = sum over the tokens of dout y; each only when
// asked for.

import { registerGradient } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import gateSource from '../../../shaders/gated_add/gradient_gate.wgsl?raw';
import valueSource from '../../../shaders/gated_add/gradient_y.wgsl?raw';
import { createOutput, dispatch } from '../../engine/bridge.ts';
import { dispatchElementwise, vectorized, vectorWidth } from '../elementwise.ts';
import { registerOperation, runOperation } from '../register.ts';
import { isSoftwareAdapter } from '../variants.ts';
import { gatedComposed, gateGradientComposed } from './composition.ts';
import { gatedAddGateGradient, gatedAddValueGradient } from './oracle.ts';
import { gatedShape } from './shape.ts';

registerOperation({
  name: 'Physics.gatedAddValueGradient',
  inputNames: ['dout', 'gate'],
  webgpu(backend, [dout, gate]) {
    const { batch, tokens, channels } = gatedShape(dout.shape, gate.shape);
    const width = vectorWidth(channels);
    const C = channels / width;
    const dy = createOutput(backend, dout.shape);
    const shader = vectorized('gated_add/gradient_y', valueSource, width);
    dispatchElementwise(backend, shader, batch * tokens * C, { L: tokens, C, unit: 1 }, [dout, gate], [dy]);
    return [dy];
  },
  cpu([dout, gate]) {
    const shape = gatedShape(dout.shape, gate.shape);
    return [{ values: gatedAddValueGradient(dout.values, gate.values, shape), shape: dout.shape }];
  },
  wasm: ([dout, gate]) => [gatedComposed(dout, gate)],
});

registerOperation({
  name: 'Physics.gatedAddGateGradient',
  inputNames: ['dout', 'y'],
  webgpu(backend, [dout, y]) {
    const [batch, tokens, channels] = dout.shape;
    const width = vectorWidth(channels);
    const C = channels / width;
    const lanes = isSoftwareAdapter(backend.device.adapterInfo) ? 4 : 16;
    const columns = 64 / lanes;
    const dgate = createOutput(backend, [batch, channels]);
    const program = {
      shader: vectorized('gated_add/gradient_gate', gateSource, width),
      constants: { L: tokens, C, columns, lanes, unit: 1 },
      workgroups: [Math.ceil(C / columns), batch, 1] as const,
    };
    dispatch(backend, program, [dout, y], [dgate]);
    return [dgate];
  },
  cpu([dout, y]) {
    const [batch, tokens, channels] = dout.shape;
    const values = gatedAddGateGradient(dout.values, y.values, { batch, tokens, channels });
    return [{ values, shape: [batch, channels] }];
  },
  wasm: ([dout, y]) => [gateGradientComposed(dout, y)],
});

registerGradient({
  kernelName: 'Physics.gatedAdd',
  inputsToSave: ['y', 'gate'],
  gradFunc(dy, [y, gate]) {
    const dout = dy as Tensor;
    return {
      x: () => dout.clone(),
      y: () => runOperation('Physics.gatedAddValueGradient', { dout, gate })[0],
      gate: () => runOperation('Physics.gatedAddGateGradient', { dout, y })[0],
    };
  },
});
