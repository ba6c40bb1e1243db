// Capture and replay: equal to eager bit for bit, memory that stays flat, and clear refusals.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { gelu } from '../kernels/activation/kernel.ts';
import { layerNorm } from '../kernels/normalization/kernel.ts';
import { adamw, adamwDefaults, adamwSettings, clipFactor } from '../kernels/optimizer/kernel.ts';
import { normal, normalKey, normalKeyTensor } from '../kernels/random/kernel.ts';
import { testValues } from '../kernels/compare.ts';
import { capture, DeviceLostError } from './capture.ts';
import { createDevice } from './device.ts';
import type { EngineDevice } from './device.ts';
import { kernelTimes, measure, memory } from './profiler.ts';

let engine: EngineDevice;
beforeAll(async () => {
  engine = await createDevice();
});
afterAll(() => {
  expect(engine.errors).toEqual([]);
  engine.dispose();
});

const read = async (tensor: tf.Tensor): Promise<number[]> => [...(await tensor.data())];
const options = { ...adamwDefaults, learningRate: 0.02 };

interface Network {
  parameters: tf.Tensor[];
  first: tf.Tensor;
  second: tf.Tensor;
  dispose(): void;
}

// Two linear layers with a layer norm and GELU between, and their optimizer state.
function makeNetwork(shapes = [[6, 16], [1, 16], [1, 16], [16, 3]]): Network {
  const parameters = shapes.map((shape, i) => {
    const count = shape.reduce((product, length) => product * length, 1);
    return tf.tensor(testValues(i + 1, count, 0.5), shape);
  });
  const total = parameters.reduce((sum, { size }) => sum + size, 0);
  const [first, second] = [tf.zeros([total]), tf.zeros([total])];
  return { parameters, first, second, dispose: () => tf.dispose([parameters, first, second]) };
}

interface StepInputs {
  key: tf.Tensor;
  settings: tf.Tensor;
  target: tf.Tensor;
}

// One training step, in place: noise from the key, gradients by tf.grads, clipping, AdamW.
function trainingStep(
  network: Network,
  { key, settings, target }: StepInputs,
): { loss: tf.Tensor; norm: tf.Tensor } {
  const noise = normal([4, 6], key);
  const objective = (...[w1, scale, shift, w2]: tf.Tensor[]): tf.Tensor => {
    const hidden = gelu(layerNorm(tf.matMul(tf.add(tf.mul(noise, 0.7), 0.1), w1), scale, shift));
    return tf.mean(tf.square(tf.sub(tf.matMul(hidden, w2), target)));
  };
  const { value, grads } = tf.valueAndGrads(objective)(network.parameters);
  const { factor, norm } = clipFactor(grads, 0.5);
  const { parameters, first, second } = network;
  adamw({ parameters, first, second, gradients: grads, settings, gradientScale: factor });
  return { loss: value, norm };
}

function makeInputs(): StepInputs {
  return {
    key: normalKeyTensor(11, 1),
    settings: tf.tensor1d(adamwSettings(options, 1)),
    target: tf.tensor2d(testValues(9, 12), [4, 3]),
  };
}

const steps = 20;

// Losses, norms and final parameters of 20 eager steps.
async function eagerRun(): Promise<{ losses: number[]; parameters: number[][] }> {
  const network = makeNetwork();
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const settings = tf.tensor1d(adamwSettings(options, step));
    const inputs = { ...makeInputs(), key: normalKeyTensor(11, step), settings };
    const { loss, norm } = tf.tidy(() => trainingStep(network, inputs));
    losses.push(...(await read(loss)), ...(await read(norm)));
  }
  const parameters = await Promise.all(network.parameters.map(read));
  network.dispose();
  return { losses, parameters };
}

// The same by replays; `rewrite` says whether a step's inputs are written.
async function replayedRun(rewrite: boolean): Promise<{ losses: number[]; parameters: number[][] }> {
  const network = makeNetwork();
  const inputs = makeInputs();
  const captured = capture('step', Object.values(inputs), () => trainingStep(network, inputs));
  const losses = [...(await read(captured.outputs.loss)), ...(await read(captured.outputs.norm))];
  for (let step = 2; step <= steps; step++) {
    if (rewrite) {
      captured.write(inputs.key, normalKey(11, step));
      captured.write(inputs.settings, adamwSettings(options, step));
    }
    captured.replay();
    losses.push(...(await read(captured.outputs.loss)), ...(await read(captured.outputs.norm)));
  }
  const parameters = await Promise.all(network.parameters.map(read));
  const { dispatches, bytes, submits } = captured;
  console.log(`a step of ${dispatches} dispatches, ${bytes} bytes, ${submits} submits`);
  captured.dispose();
  network.dispose();
  return { losses, parameters };
}

test('20 replays equal 20 eager steps bit for bit', async () => {
  const eager = await eagerRun();
  const replayed = await replayedRun(true);
  expect(replayed.losses).toEqual(eager.losses);
  expect(replayed.parameters).toEqual(eager.parameters);
  // It trains: the comparison is of something that moves.
  expect(eager.losses[2 * steps - 2]).toBeLessThan(eager.losses[0]);
  expect(eager.parameters[0]).not.toEqual([...testValues(1, 96, 0.5)]);
});

test('negative control: replays without fresh inputs give other numbers', async () => {
  const eager = await eagerRun();
  const stale = await replayedRun(false);
  expect(stale.losses.slice(0, 2)).toEqual(eager.losses.slice(0, 2));
  expect(stale.losses.slice(2)).not.toEqual(eager.losses.slice(2));
  expect(stale.parameters).not.toEqual(eager.parameters);
});

const noiseNetwork = (): Network => makeNetwork([[6, 16]]);

// An update by noise: few dispatches, so that many replays take little time.
function noiseStep({ parameters, first, second }: Network, { key, settings }: StepInputs): tf.Tensor[] {
  const gradient = tf.mul(parameters[0], normal([6, 16], key));
  adamw({ parameters, first, second, gradients: [gradient], settings, gradientScale: tf.ones([1]) });
  return [tf.sum(gradient)];
}

test('memory is flat over 1000 replays', async () => {
  const network = noiseNetwork();
  const inputs = makeInputs();
  const captured = capture('flat', Object.values(inputs), () => noiseStep(network, inputs));
  captured.replay();
  await read(captured.outputs[0]);
  const before = { gpu: memory(engine.backend), tensors: tf.memory().numTensors };
  expect(before.gpu.captures).toBe(captured.bytes);
  for (let replay = 1; replay <= 1000; replay++) {
    captured.write(inputs.key, normalKey(11, replay));
    captured.replay();
    if (replay % 250 === 0) await read(captured.outputs[0]);
  }
  expect({ gpu: memory(engine.backend), tensors: tf.memory().numTensors }).toEqual(before);
  captured.dispose();
  network.dispose();
});

test('memory returns to the baseline when captures are disposed of', async () => {
  const network = makeNetwork();
  const inputs = makeInputs();
  const cycle = (): { tensors: number; total: number } => {
    const captured = capture('cycle', Object.values(inputs), () => trainingStep(network, inputs));
    captured.replay();
    expect(memory(engine.backend).captures).toBe(captured.bytes);
    captured.dispose();
    captured.dispose();
    expect(memory(engine.backend).captures).toBe(0);
    return { tensors: tf.memory().numTensors, total: memory(engine.backend).total };
  };
  const tensors = tf.memory().numTensors;
  // The first cycle uploads what outlives it: parameters and moments.
  const baseline = cycle();
  expect(baseline.tensors).toBe(tensors);
  for (let round = 0; round < 5; round++) {
    expect(cycle()).toEqual(baseline);
  }
  network.dispose();
});

test('buffers are reused inside a capture and destroyed with it', async () => {
  const x = tf.ones([1000]);
  const chain = (): tf.Tensor[] => {
    let y: tf.Tensor = x;
    for (let i = 0; i < 50; i++) y = gelu(y);
    return [y];
  };
  const captured = capture('chain', [x], () => tf.tidy(chain));
  expect(captured.dispatches).toBe(50);
  // tidy frees at its end only, so 50 tensors live at once here; a chain that frees as it goes needs two.
  expect(captured.bytes).toBe(50 * 4000);
  const frugal = capture('frugal chain', [x], () => {
    let y = gelu(x);
    for (let i = 1; i < 50; i++) {
      const next = gelu(y);
      y.dispose();
      y = next;
    }
    return [y];
  });
  expect(frugal.bytes).toBe(2 * 4000);
  frugal.replay();
  expect(await read(frugal.outputs[0])).toEqual(await read(captured.outputs[0]));
  captured.dispose();
  frugal.dispose();
});

test('an input takes the values of a tensor, which may go or change at once', async () => {
  const x = tf.tensor1d([1, 2, 3]);
  const captured = capture('from a tensor', [x], () => [tf.mul(x, 2)]);
  const source = tf.add(tf.tensor1d([4, 5, 6]), 0);
  captured.write(x, source);
  source.dispose();
  // It would take over a buffer that was given back too early.
  const other = tf.add(tf.tensor1d([9, 9, 9]), 0);
  captured.replay();
  expect(await read(captured.outputs[0])).toEqual([8, 10, 12]);
  // A captured step's own output, back into its input: it doubles at every replay.
  for (let i = 0; i < 3; i++) {
    captured.write(x, captured.outputs[0]);
    captured.replay();
  }
  expect(await read(captured.outputs[0])).toEqual([64, 80, 96]);
  captured.write(x, [1, 1, 1]);
  captured.replay();
  expect(await read(captured.outputs[0])).toEqual([2, 2, 2]);
  expect(() => captured.write(x, tf.zeros([4]))).toThrow(/needs 3 values/);
  expect(() => captured.write(x, tf.zeros([3], 'int32'))).toThrow(/type float32 cannot take/);
  captured.dispose();
  tf.dispose([x, other]);
});

test('constants of a step survive, and its owner may dispose of what it read', async () => {
  const x = tf.tensor1d([1, 2, 3]);
  const table = tf.tensor1d([10, 20, 30]);
  const captured = capture('constants', [x], () => {
    const scaled = tf.mul(x, tf.scalar(2));
    return { y: tf.add(tf.add(scaled, table), tf.tensor1d([0.5, 0.25, 0.125])) };
  });
  table.dispose();
  // Tensors of the same sizes would take over any buffer that was given back.
  const others = Array.from({ length: 20 }, (_, i) => tf.add(tf.fill([3], i), tf.scalar(i)));
  captured.write(x, [4, 5, 6]);
  captured.replay();
  expect(await read(captured.outputs.y)).toEqual([18.5, 30.25, 42.125]);
  captured.write(x, [0, 0, 0]);
  const pending = read(captured.outputs.y);
  captured.replay();
  expect(await read(captured.outputs.y)).toEqual([10.5, 20.25, 30.125]);
  expect(await pending).toEqual([18.5, 30.25, 42.125]);
  expect(await read(x)).toEqual([0, 0, 0]);
  tf.dispose(others);
  captured.dispose();
});

test('outputs can be used by eager operations between replays', async () => {
  const x = tf.tensor1d([1]);
  const captured = capture('mixed', [x], () => [tf.square(x), x]);
  const seen: number[] = [];
  for (const value of [2, 3, 4]) {
    captured.write(x, [value]);
    captured.replay();
    const sum = tf.add(captured.outputs[0], captured.outputs[1]);
    seen.push(...(await read(sum)));
    sum.dispose();
  }
  expect(seen).toEqual([6, 12, 20]);
  captured.dispose();
  // The input came back as an output; the capture disposed of its own handle only.
  expect(await read(x)).toEqual([4]);
});

test('refuses readbacks, kept tensors, nesting, foreign inputs and wrong lengths', async () => {
  const x = tf.tensor1d([1, 2]);
  const before = { tensors: tf.memory().numTensors, captures: memory(engine.backend).captures };
  const reading = (): tf.Tensor[] => [tf.add(x, tf.square(x).dataSync()[0])];
  expect(() => capture('sync read', [x], reading)).toThrow(/inside a capture/);
  const swallowed = (): tf.Tensor[] => {
    void tf.square(x).data().catch(() => undefined);
    return [tf.square(x)];
  };
  expect(() => capture('async read', [x], swallowed)).toThrow(/read\(\) inside a capture/);
  const kept: tf.Tensor[] = [];
  const keeping = (): tf.Tensor[] => {
    kept.push(tf.keep(tf.square(x)));
    return [tf.square(x)];
  };
  expect(() => capture('kept', [x], keeping)).toThrow(/keeps 1 tensors/);
  tf.dispose(kept);
  const nesting = (): tf.Tensor[] => capture('inner', [x], () => [tf.square(x)]).outputs;
  expect(() => capture('outer', [x], nesting)).toThrow(/nest/);
  expect({ tensors: tf.memory().numTensors, captures: memory(engine.backend).captures }).toEqual(before);

  const captured = capture('fine', [x], () => [tf.square(x)]);
  expect(() => captured.write(tf.zeros([2]), [1, 2])).toThrow(/not an input/);
  expect(() => captured.write(x, [1])).toThrow(/needs 2 values/);
  captured.dispose();
  expect(() => captured.replay()).toThrow(/disposed/);
});

test('refuses state that is made inside the step', () => {
  const settings = tf.tensor1d(adamwSettings(options, 1));
  const update = (): tf.Tensor[] => {
    const [parameter, first, second, gradient] = [1, 2, 3, 4].map((i) => tf.tensor1d([i, i]));
    adamw({ parameters: [parameter], first, second, gradients: [gradient], settings, gradientScale: tf.ones([1]) });
    return [parameter];
  };
  expect(() => capture('state inside', [settings], update)).toThrow(/uploaded inside the step/);
});

test('measures: a replay issues the same dispatches with less JavaScript', async () => {
  const network = makeNetwork();
  const inputs = makeInputs();
  const eager = await measure(engine.backend, () => tf.dispose(tf.tidy(() => trainingStep(network, inputs))));
  const captured = capture('measured', Object.values(inputs), () => trainingStep(network, inputs));
  const replayed = await measure(engine.backend, () => captured.replay(), 9);
  expect(replayed.dispatches).toBe(captured.dispatches);
  expect(replayed.dispatches).toBe(eager.dispatches);
  expect(replayed.submits).toBeGreaterThanOrEqual(1);
  console.log('eager', eager, 'replayed', replayed);
  expect(replayed.scriptMilliseconds).toBeLessThan(eager.scriptMilliseconds);

  const times = await kernelTimes(engine.backend, captured);
  expect(times).toHaveLength(captured.dispatches);
  expect(times.some(({ label }) => label.startsWith('normalization/forward'))).toBe(true);
  expect(times.every(({ milliseconds }) => milliseconds >= 0)).toBe(true);
  // Each tensor once: x and y [4, 16], scale and shift [1, 16], statistics [4, 2].
  const norm = times.find(({ kernel }) => kernel.startsWith('normalization/forward'));
  expect(norm?.bytes).toBe(4 * (2 * 64 + 2 * 16 + 8));
  expect(times.every(({ bytes }) => bytes > 0)).toBe(true);
  expect(times.some(({ kernel }) => kernel.startsWith('tfjs/'))).toBe(true);
  captured.dispose();
  network.dispose();
});

test('a lost device ends its captures; a new one starts over', async () => {
  const x = tf.tensor1d([1, 2]);
  const captured = capture('lost', [x], () => [tf.square(x)]);
  engine.device.destroy();
  expect((await engine.lost).reason).toBe('destroyed');
  expect(() => captured.replay()).toThrow(DeviceLostError);
  captured.dispose();
  engine = await createDevice();
  const y = tf.tensor1d([3]);
  const again = capture('again', [y], () => [tf.square(y)]);
  again.replay();
  expect(await read(again.outputs[0])).toEqual([9]);
  again.dispose();
});
