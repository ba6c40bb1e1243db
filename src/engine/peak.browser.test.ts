// The probe against plain loops: what it is timed for must be what it does.
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOutput, dispatch } from './bridge.ts';
import { createDevice } from './device.ts';
import type { EngineDevice } from './device.ts';
import { arithmeticProgram, copyProgram, measurePeak } from './peak.ts';

let engine: EngineDevice;

beforeAll(async () => {
  engine = await createDevice();
});

afterAll(() => engine.dispose());

async function run(program: ReturnType<typeof arithmeticProgram>, x: Float32Array, results: number): Promise<Float32Array> {
  const { backend } = engine;
  const input = tf.tensor1d(x);
  const output = createOutput(backend, [results]);
  dispatch(backend, program, [input], [output]);
  const result = tf.engine().makeTensorFromTensorInfo(output, backend);
  const values = await result.data<'float32'>();
  tf.dispose([input, result]);
  return values;
}

test('every thread carries eight numbers through every turn', async () => {
  const first = Float32Array.from({ length: 2 ** 16 }, (_, i) => (i % 17) / 8);
  const results = await run(arithmeticProgram(3), Float32Array.of(...first, 0.5, 1), first.length);
  const expected = first.map((number) => {
    let sum = 0;
    for (let added = 0; added < 8; added++) {
      let x = number + added;
      for (let turn = 0; turn < 8 * 3; turn++) x = x * 0.5 + 1;
      sum += x;
    }
    return sum;
  });
  expect(Math.max(...results.map((value, i) => Math.abs(value - expected[i])))).toBeLessThan(1e-4);
});

test('the copy reads and writes every vector once', async () => {
  const x = Float32Array.from({ length: 4 * 1000 }, (_, i) => i);
  expect(await run(copyProgram(engine.device, 1000), x, x.length)).toEqual(x.map((value) => value + 1));
});

test('measures a peak', async () => {
  const { gflops, gigabytesPerSecond } = await measurePeak(engine.device);
  console.log('peak', gflops.toFixed(1), 'GFLOP/s', gigabytesPerSecond.toFixed(1), 'GB/s');
  // No processor does less, and no GPU of today more; a loop that the compiler threw away would.
  expect(gflops).toBeGreaterThan(0.1);
  expect(gflops).toBeLessThan(1.2e5);
  expect(gigabytesPerSecond).toBeGreaterThan(0.1);
  expect(gigabytesPerSecond).toBeLessThan(1e5);
});
