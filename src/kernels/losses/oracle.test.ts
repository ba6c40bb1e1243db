import { expect, test } from 'vitest';
import { assertGradients, testValues } from '../compare.ts';
import { preferenceLossForward, velocityErrorsForward, velocityErrorsGradient } from './oracle.ts';

const values = (seed: number, count: number): Float64Array => Float64Array.from(testValues(seed, count));

test.each([{ clips: 1, elements: 1 }, { clips: 3, elements: 5 }])(
  'gradients of the errors agree with central differences: $clips clips of $elements', (shape) => {
    const [velocity, data, noise] = [1, 2, 3].map((seed) => values(seed, shape.clips * shape.elements));
    const dy = values(4, shape.clips);
    const gradient = velocityErrorsGradient(velocity, data, noise, dy, shape);
    const forward = (inputs: Float64Array[]): Float64Array =>
      velocityErrorsForward(inputs[0], inputs[1], inputs[2], shape);
    assertGradients('velocityErrors', forward, [velocity, data, noise], dy,
      [gradient, gradient.map((value) => -value), gradient]);
  });

test.each([1, 4])('slopes of the preference loss agree with central differences: %i pairs', (pairs) => {
  const [policy, reference] = [5, 6].map((seed) => values(seed, 2 * pairs));
  const forward = ([errors]: Float64Array[]): Float64Array =>
    Float64Array.of(preferenceLossForward(errors, reference, 3).loss);
  assertGradients('preferenceLoss', forward, [policy], [1], [preferenceLossForward(policy, reference, 3).slopes]);
});

test('far from zero the loss is x or nothing, and its slope one or nothing', () => {
  expect(preferenceLossForward([500, 0], [0, 0], 10)).toEqual({ loss: 5000, slopes: Float64Array.of(10, -10) });
  expect(preferenceLossForward([0, 500], [0, 0], 10)).toEqual({ loss: 0, slopes: Float64Array.of(0, -0) });
});
