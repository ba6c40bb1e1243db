// The losses of training: velocity errors of flow matching, and the preference loss of pairs of them. Each is one
// dispatch forward and one back; composed of tfjs's operations on a few numbers they would be forty. Oracle: oracle.ts.

import { mul, neg, registerGradient, reshape, sum, util } from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import preferenceSource from '../../../shaders/losses/preference.wgsl?raw';
import errorsSource from '../../../shaders/losses/velocity_errors.wgsl?raw';
import gradientSource from '../../../shaders/losses/velocity_gradient.wgsl?raw';
import { createOutput, dispatch } from '../../engine/bridge.ts';
import { dispatchElementwise, vectorized, vectorWidth } from '../elementwise.ts';
import { fitsNoise } from '../interpolation/kernel.ts';
import { registerOperation, runOperation } from '../register.ts';
import { isSoftwareAdapter } from '../variants.ts';
import { preferenceLossForward, velocityErrorsForward, velocityErrorsGradient } from './oracle.ts';
import type { ClipsShape } from './oracle.ts';

const { sizeFromShape } = util;

function clipsShape([clips, ...clip]: number[]): ClipsShape {
  return { clips, elements: sizeFromShape(clip) };
}

registerOperation({
  name: 'Physics.velocityErrors',
  inputNames: ['velocity', 'data', 'noise'],
  webgpu(backend, inputs) {
    const { clips, elements } = clipsShape(inputs[0].shape);
    const width = vectorWidth(elements);
    const errors = createOutput(backend, [clips]);
    // Barriers cost a software adapter more than they save.
    const threads = isSoftwareAdapter(backend.device.adapterInfo) ? 16 : 256;
    const program = {
      shader: vectorized('losses/velocity_errors', errorsSource, width),
      constants: { n: elements / width, NOISE: sizeFromShape(inputs[2].shape) / width, elements, threads, unit: 1 },
      workgroups: [clips, 1, 1] as const,
    };
    dispatch(backend, program, inputs, [errors]);
    return [errors];
  },
  cpu([velocity, data, noise]) {
    const shape = clipsShape(velocity.shape);
    return [{ values: velocityErrorsForward(velocity.values, data.values, noise.values, shape), shape: [shape.clips] }];
  },
});

registerOperation({
  name: 'Physics.velocityErrorsGradient',
  inputNames: ['velocity', 'data', 'noise', 'dy'],
  webgpu(backend, inputs) {
    const { clips, elements } = clipsShape(inputs[0].shape);
    const width = vectorWidth(elements);
    const n = elements / width;
    const gradient = createOutput(backend, inputs[0].shape);
    const shader = vectorized('losses/velocity_gradient', gradientSource, width);
    const constants = { n, NOISE: sizeFromShape(inputs[2].shape) / width, elements, unit: 1 };
    dispatchElementwise(backend, shader, clips * n, constants, inputs, [gradient]);
    return [gradient];
  },
  cpu([velocity, data, noise, dy]) {
    const shape = clipsShape(velocity.shape);
    const values = velocityErrorsGradient(velocity.values, data.values, noise.values, dy.values, shape);
    return [{ values, shape: velocity.shape }];
  },
});

registerGradient({
  kernelName: 'Physics.velocityErrors',
  inputsToSave: ['velocity', 'data', 'noise'],
  gradFunc(dy, [velocity, data, noise]) {
    const gradient = () => runOperation('Physics.velocityErrorsGradient', { velocity, data, noise, dy: dy as Tensor })[0];
    // Noise that several clips share has the sum of theirs.
    const shared = () => reshape(sum(reshape(gradient(), [-1, noise.size]), 0), noise.shape);
    return {
      velocity: gradient, data: () => neg(gradient()), noise: noise.size === data.size ? gradient : shared,
    };
  },
});

registerOperation({
  name: 'Physics.preferenceLoss',
  inputNames: ['policy', 'reference', 'halfBeta'],
  webgpu(backend, inputs) {
    const [size] = inputs[0].shape;
    const [loss, slopes] = [createOutput(backend, []), createOutput(backend, [size])];
    const program = {
      shader: { name: 'losses/preference', code: preferenceSource },
      constants: { pairs: size / 2, unit: 1 },
      workgroups: [1, 1, 1] as const,
    };
    dispatch(backend, program, inputs, [loss, slopes]);
    return [loss, slopes];
  },
  cpu([policy, reference, halfBeta]) {
    const { loss, slopes } = preferenceLossForward(policy.values, reference.values, halfBeta.values[0]);
    return [{ values: [loss], shape: [] }, { values: slopes, shape: policy.shape }];
  },
});

registerGradient({
  kernelName: 'Physics.preferenceLoss',
  outputsToSave: [false, true],
  gradFunc(dy, [slopes]) {
    const [gradient] = dy as Tensor[];
    return {
      policy: () => mul(slopes, gradient),
      reference: () => mul(neg(slopes), gradient),
      halfBeta: () => {
        throw new Error('preferenceLoss has no gradient to beta.');
      },
    };
  },
});

/**
 * Velocity error of every clip [B]: the mean over its elements of (velocity - (data - noise))^2, for a path from noise to
 * data (Lipman 2023). It does not depend on the clip's size, which is what the choice of beta assumes.
 * @param velocity [B, ..]
 * @param data like velocity
 * @param noise [N, ..], N a divisor of B: that of clip b is noise b mod N
 * @throws when the shapes do not fit
 */
export function velocityErrors(velocity: Tensor, data: Tensor, noise: Tensor): Tensor1D {
  if (data.shape.join() !== velocity.shape.join() || !fitsNoise(data.shape, noise.shape)) {
    throw new Error(`velocityErrors: velocity [${velocity.shape}], data [${data.shape}] and noise [${noise.shape}] do not `
      + 'fit.');
  }
  return runOperation('Physics.velocityErrors', { velocity, data, noise })[0] as Tensor1D;
}

/**
 * The preference loss of Flow-DPO: the mean over pairs of
 *
 *   -log sigmoid(-beta/2 [(e_w - e_w^ref) - (e_l - e_l^ref)])
 *
 * with e the velocity error of one clip, w the chosen and l the rejected one, and ref the frozen reference. Sources: DPO
 * (Rafailov 2023), its flow-matching form with a constant beta (Liu 2025, "Improving video generation with human
 * feedback"). The logarithm is taken as softplus, which neither overflows nor loses digits.
 * @param policy errors [2P], of the chosen clips first
 * @param reference errors like policy
 * @param halfBeta [1]
 * @throws when the shapes do not fit
 */
export function preferenceLoss(policy: Tensor, reference: Tensor, halfBeta: Tensor): Scalar {
  const fits = policy.rank === 1 && policy.size % 2 === 0 && reference.shape.join() === policy.shape.join();
  if (!fits || halfBeta.size !== 1) {
    throw new Error(`preferenceLoss needs errors [2P] of policy and reference and half of beta [1], got [${policy.shape}], `
      + `[${reference.shape}] and [${halfBeta.shape}].`);
  }
  const [loss, slopes] = runOperation('Physics.preferenceLoss', { policy, reference, halfBeta });
  // The tape keeps its own handle where the gradient needs it.
  slopes.dispose();
  return loss as Scalar;
}
