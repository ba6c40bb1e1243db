// The tuner on a real device: what came up is measured once, the fastest runs from then on, results stay right, and
// what is known beforehand is not measured again.
import { ones, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../engine/device.ts';
import type { EngineDevice } from '../engine/device.ts';
import { attention } from './attention/kernel.ts';
import { testValues } from './compare.ts';
import { convolution } from './convolution/kernel.ts';
import { linear } from './linear/kernel.ts';
import { linearForward } from './linear/oracle.ts';
import { assertAllClose, withGradients } from './suite.ts';
import { tuneNext } from './tuner.ts';
import type { Tuned } from './tuner.ts';
import { choose, forceVariant, hasNeighbours, measuredChoices, setMeasured, unmeasured } from './variants.ts';
import type { Candidate, Variant } from './variants.ts';

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterEach(() => {
  forceVariant(null);
  expect(engine.errors).toEqual([]);
});
afterAll(() => engine.dispose());

async function tuneAll(): Promise<Tuned[]> {
  const all: Tuned[] = [];
  for (let tuned = await tuneNext(engine.device); tuned; tuned = await tuneNext(engine.device)) all.push(tuned);
  return all;
}

const [rows, depth, columns] = [33, 64, 96];
const x = testValues(1, rows * depth);
const weight = testValues(2, depth * columns);

async function product(): Promise<void> {
  const y = tidy(() => linear(tensor2d(x, [rows, depth]), tensor2d(weight, [depth, columns])));
  const values = linearForward(x, weight, null, { rows, depth, columns });
  await assertAllClose('linear', [y], [{ name: 'y', values, ulp: 2 * depth }]);
}

test('what came up is measured, in every way that it can run, and only once', async () => {
  await product();
  const [met] = unmeasured(engine.device);
  expect(met).toMatchObject({ key: 'linear forward 33x64x96' });
  const [tuned, ...others] = await tuneAll();
  expect(others).toEqual([]);
  console.log(JSON.stringify(tuned));
  const ways = ['register', 'staged', 'staged-wide', 'staged-split', ...(hasNeighbours(engine.device) ? ['quad'] : [])];
  expect(Object.keys(tuned.milliseconds).sort()).toEqual(ways.sort());
  const fastest = Math.min(...Object.values(tuned.milliseconds));
  expect(tuned.milliseconds[tuned.variant]).toBe(fastest);
  expect(measuredChoices(engine.device).get(tuned.key)).toBe(tuned.variant);
  await product();
  expect(await tuneNext(engine.device)).toBeNull();
});

test('every measured choice computes the same', async () => {
  for (const variant of ['register', 'quad', 'staged', 'staged-wide', 'staged-split'] satisfies Variant[]) {
    setMeasured(engine.device, 'linear forward 33x64x96', variant);
    await product();
  }
});

test('gradients, attention and convolutions can be measured', async () => {
  // With what the quad variant keeps, attention's gradient to the queries has only one way to run.
  forceVariant('register');
  tidy(() => {
    withGradients((a, b) => linear(a, b), [ones([16, 8]), ones([8, 12])], ones([16, 12]));
    withGradients(attention, [1, 2, 3].map(() => ones([1, 9, 2, 8])), ones([1, 9, 2, 8]));
    withGradients((a, b) => convolution(a, b), [ones([1, 3, 6, 6, 8]), ones([3, 3, 3, 8, 8])], ones([1, 3, 6, 6, 8]));
  });
  const keys = (await tuneAll()).map(({ key }) => key.split(' ').slice(0, 3).join(' '));
  expect(keys.map((key) => key.replace(/ \d.*/, '')).sort()).toEqual([
    'attention backward_key_value', 'attention backward_query', 'attention forward', 'convolution forward',
    'convolution to the', 'convolution to the', 'linear forward', 'linear input', 'linear weight',
  ]);
});

test('a way that is slower is not chosen', async () => {
  const spin = (name: string, turns: number) => (): Candidate => ({
    bytes: [64],
    program: {
      shader: {
        name: `test/${name}`,
        code: `override TURNS: u32;
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1) fn main() {
  var sum = 0.0;
  for (var i = 0u; i < TURNS; i++) { sum += sin(f32(i)) + y[i % 16u]; }
  y[0] = sum;
}`,
      },
      constants: { TURNS: turns },
      workgroups: [1, 1, 1],
    },
  });
  const candidates = { staged: spin('slow', 3_000_000), register: spin('fast', 3_000) };
  choose(engine.device, 'spin', candidates, 'staged');
  const [tuned] = await tuneAll();
  expect(tuned).toMatchObject({ key: 'spin', variant: 'register' });
  expect(choose(engine.device, 'spin', candidates, 'staged').program.shader.name).toBe('test/fast');
});
