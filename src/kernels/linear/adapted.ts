// Linear layer with a low-rank adapter: y [.., N] = x [.., K] W [K, N] + bias [N] + scale (x A) B, with A [K, R] and
// B [R, N] (LoRA, arXiv:2106.09685), and its gradients.
//
// Three products and no sum on its own: the second term is added to the first by its product's epilogue, or both are one
// dispatch, and so are x's two gradients. x A is kept for B's gradient. The gradients to A and B are made together, unless the
// adapter is frozen; the others only when asked for.

import { mul, registerGradient } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { createOutput, dispatch, release } from '../../engine/bridge.ts';
import { registerOperation, runOperation } from '../register.ts';
import { adaptedLinearComposed, inputGradientComposed, weightGradientComposed } from './composition.ts';
import { isHalves, matrixShape } from './halves.ts';
import { shapeOf } from './kernel.ts';
import { linearForward, linearInputGradient, linearWeightGradient } from './oracle.ts';
import type { LinearShape } from './oracle.ts';
import { adapterGradientsProgram, lowRankProgram, plain, productProgram } from './programs.ts';

registerOperation({
  name: 'Physics.adaptedLinear',
  inputNames: ['x', 'weight', 'bias', 'a', 'b'],
  webgpu(backend, [x, weight, bias, a, b], attributes) {
    const { device } = backend;
    const leading = x.shape.slice(0, -1);
    const shape = shapeOf(x.shape, matrixShape(weight));
    const rank = a.shape[1];
    const down = createOutput(backend, [...leading, rank]);
    dispatch(backend, productProgram(device, 'forward', { ...shape, columns: rank }), [x, a], [down]);
    const y = createOutput(backend, [...leading, shape.columns]);
    const scale = attributes['scale'] as number;
    const options = { half: isHalves(weight), bias: true };
    const joined = lowRankProgram(device, 'forward', shape, { rank, scale }, options);
    if (joined !== null) {
      dispatch(backend, joined, [x, weight, bias, down, b], [y]);
      return [y, down];
    }
    const base = createOutput(backend, [...leading, shape.columns]);
    dispatch(backend, productProgram(device, 'forward', shape, { ...plain, ...options }), [x, weight, bias], [base]);
    const added = productProgram(device, 'forward', { ...shape, depth: rank }, { ...plain, residual: true });
    const scaled = { ...added, constants: { ...added.constants, GAIN: scale } };
    dispatch(backend, scaled, [down, b, base], [y]);
    release(backend, base);
    return [y, down];
  },
  cpu([x, weight, bias, a, b], attributes) {
    const leading = x.shape.slice(0, -1);
    const shape = shapeOf(x.shape, weight.shape);
    const rank = a.shape[1];
    const down = linearForward(x.values, a.values, null, { ...shape, columns: rank });
    const up = linearForward(down, b.values, null, { ...shape, depth: rank });
    const base = linearForward(x.values, weight.values, bias.values, shape);
    const scale = attributes['scale'] as number;
    return [
      { values: base.map((value, i) => value + scale * up[i]), shape: [...leading, shape.columns] },
      { values: down, shape: [...leading, rank] },
    ];
  },
  wasm: ([x, weight, bias, a, b], attributes) =>
    adaptedLinearComposed(x, weight, bias, a, b, attributes['scale'] as number),
});

registerOperation({
  name: 'Physics.adaptedInputGradient',
  // inner: the gradient to x A.
  inputNames: ['dy', 'weight', 'inner', 'a'],
  webgpu(backend, [dy, weight, inner, a]) {
    const { device } = backend;
    const [depth, columns] = matrixShape(weight);
    const shape = shapeOf(dy.shape, [depth, columns]);
    const rank = a.shape[1];
    const half = isHalves(weight);
    const dx = createOutput(backend, [...dy.shape.slice(0, -1), depth]);
    const joined = lowRankProgram(device, 'input', shape, { rank, scale: 1 }, { half, bias: false });
    if (joined !== null) {
      dispatch(backend, joined, [dy, weight, inner, a], [dx]);
      return [dx];
    }
    const residual = createOutput(backend, dx.shape);
    dispatch(backend, productProgram(device, 'input', shape, { ...plain, half }), [dy, weight], [residual]);
    const added = productProgram(device, 'input', { ...shape, columns: rank }, { ...plain, residual: true });
    dispatch(backend, added, [inner, a, residual], [dx]);
    release(backend, residual);
    return [dx];
  },
  cpu([dy, weight, inner, a]) {
    const [depth, columns] = weight.shape;
    const shape = shapeOf(dy.shape, [depth, columns]);
    const second = linearInputGradient(inner.values, a.values, { ...shape, columns: a.shape[1] });
    const values = linearInputGradient(dy.values, weight.values, shape).map((value, i) => value + second[i]);
    return [{ values, shape: [...dy.shape.slice(0, -1), depth] }];
  },
  wasm: ([dy, weight, inner, a]) => [inputGradientComposed(inner, a, inputGradientComposed(dy, weight))],
});

/** The layer's shape and the adapter's rank from the shapes of x, x A and dY. */
function factorShapes(x: number[], down: number[], dy: number[]): { shape: LinearShape; rank: number } {
  const [depth, rank, columns] = [x, down, dy].map((of) => of[of.length - 1]);
  return { shape: shapeOf(x, [depth, columns]), rank };
}

registerOperation({
  name: 'Physics.adapterGradients',
  // inner: the gradient to x A.
  inputNames: ['x', 'inner', 'down', 'dy'],
  webgpu(backend, [x, inner, down, dy], attributes) {
    const { device } = backend;
    const scale = attributes['scale'] as number;
    const { shape, rank } = factorShapes(x.shape, down.shape, dy.shape);
    const outputs = [createOutput(backend, [shape.depth, rank]), createOutput(backend, [rank, shape.columns])];
    const together = adapterGradientsProgram(device, shape, rank, scale);
    if (together !== null) {
      dispatch(backend, together, [x, inner, down, dy], outputs);
      return outputs;
    }
    const ofB = productProgram(device, 'weight', { ...shape, depth: rank });
    dispatch(backend, productProgram(device, 'weight', { ...shape, columns: rank }), [x, inner], [outputs[0]]);
    dispatch(backend, { ...ofB, constants: { ...ofB.constants, GAIN: scale } }, [down, dy], [outputs[1]]);
    return outputs;
  },
  cpu([x, inner, down, dy], attributes) {
    const { shape, rank } = factorShapes(x.shape, down.shape, dy.shape);
    const scale = attributes['scale'] as number;
    const ofB = linearWeightGradient(down.values, dy.values, { ...shape, depth: rank });
    return [
      { values: linearWeightGradient(x.values, inner.values, { ...shape, columns: rank }), shape: [shape.depth, rank] },
      { values: ofB.map((value) => scale * value), shape: [rank, shape.columns] },
    ];
  },
  wasm: ([x, inner, down, dy], attributes) =>
    [weightGradientComposed(x, inner), scaledBy(attributes['scale'] as number, weightGradientComposed(down, dy))],
});

function scaledBy(scale: number, gradient: Tensor): Tensor {
  return scale === 1 ? gradient : mul(gradient, scale);
}

registerGradient({
  kernelName: 'Physics.adaptedLinear',
  inputsToSave: ['x', 'weight', 'a', 'b'],
  outputsToSave: [false, true],
  gradFunc(dy: Tensor | Tensor[], saved: Tensor[], attributes): Record<string, () => Tensor> {
    const [x, weight, a, b, down] = saved;
    // x A goes nowhere else, so the gradient that tfjs finds for that output is zero.
    const direct = Array.isArray(dy) ? dy[0] : dy;
    const scale = attributes['scale'] as number;
    // Outside the thunks, because each of them is tidied by itself and several need it.
    const inner = scaledBy(scale, runOperation('Physics.linearInputGradient', { dy: direct, weight: b })[0]);
    const ofFactors = attributes['frozen'] === true
      ? []
      : runOperation('Physics.adapterGradients', { x, inner, down, dy: direct }, { scale });
    const ofFactor = (which: 0 | 1) => (): Tensor => {
      if (ofFactors.length === 0) throw new Error('A frozen adapter has no gradients.');
      // The thunk gives away what it returns.
      return ofFactors[which].clone();
    };
    return {
      x: () => runOperation('Physics.adaptedInputGradient', { dy: direct, weight, inner, a })[0],
      weight: () => runOperation('Physics.linearWeightGradient', { x, dy: direct })[0],
      bias: () => runOperation('Physics.columnSums', { matrix: direct })[0],
      a: ofFactor(0),
      b: ofFactor(1),
    };
  },
});

/**
 * y = x W + bias + scale (x A) B.
 * @param x [.., K]
 * @param weight [K, N], or halves (halves.ts)
 * @param bias [N]
 * @param a [K, R]
 * @param b [R, N]
 * @param frozen whether a and b get no gradients
 * @returns [.., N]
 * @throws when the shapes do not fit
 */
export function adaptedLinear(
  x: Tensor, weight: Tensor, bias: Tensor, a: Tensor, b: Tensor, scale: number, frozen = false,
): Tensor {
  const [depth, columns] = matrixShape(weight);
  const fits = weight.rank === 2 && x.shape.at(-1) === depth && bias.size === columns
    && a.rank === 2 && a.shape[0] === depth && b.shape.join() === [a.shape[1], columns].join();
  if (!fits) {
    throw new Error(`adaptedLinear: x [${x.shape}], weight [${weight.shape}], bias [${bias.shape}], a [${a.shape}], `
      + `b [${b.shape}] do not fit.`);
  }
  const [y, down] = runOperation('Physics.adaptedLinear', { x, weight, bias, a, b }, { scale, frozen });
  // The tape keeps its own handle where the gradient needs it.
  down.dispose();
  return y;
}
