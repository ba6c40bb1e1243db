// The sampler against differential equations whose solutions are known.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { createCpuBackend } from '../engine/device.ts';
import { overwrite } from '../engine/overwrite.ts';
import { nanoConfig } from './config.ts';
import type { SamplerOptions } from './config.ts';
import { initialNoise, integrate } from './sampler.ts';
import type { VelocityField } from './sampler.ts';

const noise = Float32Array.of(0.5, -1, 2);

beforeAll(createCpuBackend);

/** Integrates from `noise`, and checks that no tensor is left. */
async function integrated(
  field: VelocityField, options: Partial<SamplerOptions>, progress?: (step: number) => void,
): Promise<Float32Array> {
  const before = tf.memory().numTensors;
  const start = tf.tensor1d(noise);
  try {
    const all = { method: 'euler', steps: 4, guidance: 1, temperature: 1, ...options } as const;
    const end = await integrate(field, start, all, progress);
    const values = await end.data<'float32'>();
    end.dispose();
    expect(await start.data()).toEqual(noise);
    return values;
  } finally {
    start.dispose();
    expect(tf.memory().numTensors).toBe(before);
  }
}

/** The same velocity everywhere, in one tensor that is written anew at every call, as a captured network's is. */
function everywhere(velocity: (t: number, told: boolean) => number): { field: VelocityField; asked: boolean[] } {
  const output = tf.keep(tf.zeros([noise.length]));
  const asked: boolean[] = [];
  return {
    asked,
    field(_, t, told) {
      asked.push(told);
      overwrite(output, new Float32Array(noise.length).fill(velocity(t, told)));
      return output;
    },
  };
}

test('a constant velocity is integrated exactly, whatever the number of steps', async () => {
  const { field } = everywhere(() => 2);
  for (const method of ['euler', 'heun', 'adams-bashforth'] as const) {
    for (const steps of [1, 3, 4]) {
      const z = await integrated(field, { method, steps });
      z.forEach((value, i) => expect(value).toBeCloseTo(noise[i] + 2, 5));
    }
  }
});

test('Heun is exact where the velocity grows with t; Euler is late by half a step', async () => {
  const { field } = everywhere((t) => 2 * t);
  expect((await integrated(field, { method: 'heun' }))[0]).toBeCloseTo(noise[0] + 1, 5);
  expect((await integrated(field, { method: 'euler' }))[0]).toBeCloseTo(noise[0] + 0.75, 5);
});

test('Adams-Bashforth is of second order at one velocity a step', async () => {
  const { field, asked } = everywhere((t) => 2 * t);
  const z = await integrated(field, { method: 'adams-bashforth' });
  // Exact from the second step on; the first is Euler's, late by h^2 = 1/16.
  expect(z[0]).toBeCloseTo(noise[0] + 1 - 1 / 16, 5);
  expect(asked.length).toBe(4);
});

test('the velocity is that of where the latents are: dz/dt = -z falls by e', async () => {
  const z = await integrated((x) => tf.neg(x), { method: 'heun', steps: 64 });
  z.forEach((value, i) => expect(value).toBeCloseTo(noise[i] / Math.E, 4));
});

test('temperature scales the noise that the integration starts from', async () => {
  const { field } = everywhere(() => 0);
  const z = await integrated(field, { steps: 2, temperature: 0.25 });
  expect([...z]).toEqual([...noise].map((value) => value * 0.25));
  expect(await integrated(field, { steps: 2 })).toEqual(noise);
});

test('guidance 1 asks for one velocity a step; otherwise the domain counts against none', async () => {
  const { field, asked } = everywhere((_, told) => (told ? 3 : 1));
  expect((await integrated(field, { steps: 1 }))[0]).toBeCloseTo(3.5, 6);
  expect(asked).toEqual([true]);
  expect((await integrated(field, { steps: 1, guidance: 2 }))[0]).toBeCloseTo(5.5, 6);
  expect(asked).toEqual([true, true, false]);
});

test('progress is told after every step, and ends the work by throwing', async () => {
  const steps: number[] = [];
  const stopped = integrated((x) => x, { method: 'adams-bashforth' }, (step) => {
    steps.push(step);
    if (step === 2) throw new Error('enough');
  });
  await expect(stopped).rejects.toThrow('enough');
  expect(steps).toEqual([1, 2]);
  await expect(integrated((x) => x, { steps: 0 })).rejects.toThrow(RangeError);
});

test('a seed names the same noise in whatever batch', () => {
  const both = initialNoise(nanoConfig, [5, 9]);
  const alone = initialNoise(nanoConfig, [9]);
  expect(both.subarray(alone.length)).toEqual(alone);
  expect(both.subarray(0, alone.length)).not.toEqual(alone);
});
