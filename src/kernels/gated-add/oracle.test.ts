import { test } from 'vitest';
import { assertGradients, testValues } from '../compare.ts';
import { gatedAddForward, gatedAddGateGradient, gatedAddValueGradient } from './oracle.ts';

test.each([
  { batch: 1, tokens: 1, channels: 1 },
  { batch: 2, tokens: 3, channels: 5 },
])('gradients agree with central differences: $batch x $tokens x $channels', (shape) => {
  const size = shape.batch * shape.tokens * shape.channels;
  const x = Float64Array.from(testValues(1, size));
  const y = Float64Array.from(testValues(2, size));
  const gate = Float64Array.from(testValues(3, shape.batch * shape.channels));
  const dout = testValues(4, size);
  const forward = (inputs: Float64Array[]): Float64Array =>
    gatedAddForward(inputs[0], inputs[1], inputs[2], shape);
  assertGradients('gatedAdd', forward, [x, y, gate], dout, [
    dout,
    gatedAddValueGradient(dout, gate, shape),
    gatedAddGateGradient(dout, y, shape),
  ]);
});
