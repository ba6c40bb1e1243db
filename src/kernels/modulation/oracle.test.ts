import { test } from 'vitest';
import { assertGradients, testValues } from '../compare.ts';
import {
  modulationForward, modulationParts, modulationSharedGradient, modulationTableGradient,
} from './oracle.ts';

test.each([
  { batch: 1, channels: 1 },
  { batch: 3, channels: 2 },
])('gradients agree with central differences: $batch x $channels', (shape) => {
  const across = modulationParts * shape.channels;
  const shared = Float64Array.from(testValues(1, shape.batch * across));
  const table = Float64Array.from(testValues(2, across));
  const size = shape.batch * shape.channels;
  const gradients = Array.from({ length: modulationParts }, (_, part) => testValues(3 + part, size));
  const flat = Float32Array.from(gradients.flatMap((values) => [...values]));
  const forward = (inputs: Float64Array[]): Float64Array =>
    Float64Array.from(modulationForward(inputs[0], inputs[1], shape).flatMap((part) => [...part]));
  assertGradients('modulation', forward, [shared, table], flat, [
    modulationSharedGradient(gradients, shape),
    modulationTableGradient(gradients, shape),
  ]);
});
