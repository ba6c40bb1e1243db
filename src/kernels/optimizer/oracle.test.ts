import { expect, test } from 'vitest';
import { testValues } from '../compare.ts';
import { adamwDefaults, adamwSettings, adamwStep, clipByGlobalNorm } from './oracle.ts';

const options = { ...adamwDefaults, learningRate: 0.1 };

test('the first step moves every parameter by the learning rate against its gradient', () => {
  const settings = Float64Array.from(adamwSettings({ ...options, weightDecay: 0 }, 1));
  const zero = [0, 0, 0];
  const next = adamwStep({ parameter: zero, first: zero, second: zero }, [3, -0.5, 1e-3], settings, 1);
  next.parameter.forEach((value, i) => expect(value).toBeCloseTo([-0.1, 0.1, -0.1][i], 5));
});

test('weight decay shrinks a parameter without a gradient', () => {
  const settings = adamwSettings({ ...options, weightDecay: 0.5 }, 1);
  const next = adamwStep({ parameter: [2], first: [0], second: [0] }, [0], settings, 1);
  expect(next.parameter[0]).toBeCloseTo(2 - 0.1 * 0.5 * 2, 6);
});

test('finds the minimum of a quadratic', () => {
  let state: ReturnType<typeof adamwStep> = {
    parameter: Float64Array.from(testValues(1, 5, 3)),
    first: new Float64Array(5),
    second: new Float64Array(5),
  };
  const target = testValues(2, 5, 3);
  for (let step = 1; step <= 500; step++) {
    const gradient = state.parameter.map((value, i) => 2 * (value - target[i]));
    const learningRate = 0.1 * (1 - step / 501);
    state = adamwStep(state, gradient, adamwSettings({ ...options, learningRate, weightDecay: 0 }, step), 1);
  }
  state.parameter.forEach((value, i) => expect(value).toBeCloseTo(target[i], 3));
});

test('the gradient is scaled before the moments', () => {
  const settings = adamwSettings(options, 3);
  const state = { parameter: [1], first: [0.2], second: [0.3] };
  expect(adamwStep(state, [4], settings, 0.25)).toEqual(adamwStep(state, [1], settings, 1));
});

test('clipping keeps short gradients and shortens long ones', () => {
  expect(clipByGlobalNorm([[3], [4]], 10)).toEqual({ norm: 5, factor: 1 });
  expect(clipByGlobalNorm([[3], [4]], 1)).toEqual({ norm: 5, factor: 0.2 });
  expect(clipByGlobalNorm([[3], [4]], 0)).toEqual({ norm: 5, factor: 1 });
});

test('steps count from 1', () => {
  expect(() => adamwSettings(options, 0)).toThrow(RangeError);
  expect(() => adamwSettings(options, 1.5)).toThrow(RangeError);
});
