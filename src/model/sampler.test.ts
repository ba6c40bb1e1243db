// The sampler against differential equations whose solutions are known.
import { expect, test } from 'vitest';
import { nanoConfig } from './config.ts';
import { initialNoise, integrate } from './sampler.ts';

const noise = Float32Array.of(0.5, -1, 2);

test('a constant velocity is integrated exactly, whatever the number of steps', async () => {
  for (const steps of [1, 3, 4]) {
    const z = await integrate(async (x) => x.map(() => 2), noise, { method: 'euler', steps, guidance: 1, temperature: 1 });
    z.forEach((value, i) => expect(value).toBeCloseTo(noise[i] + 2, 5));
  }
});

test('Heun is exact where the velocity grows with t; Euler is late by half a step', async () => {
  const field = async (x: Float32Array, t: number) => x.map(() => 2 * t);
  const heun = await integrate(field, noise, { method: 'heun', steps: 4, guidance: 1, temperature: 1 });
  const euler = await integrate(field, noise, { method: 'euler', steps: 4, guidance: 1, temperature: 1 });
  expect(heun[0]).toBeCloseTo(noise[0] + 1, 5);
  expect(euler[0]).toBeCloseTo(noise[0] + 0.75, 5);
});

test('Adams-Bashforth is of second order at one velocity a step', async () => {
  let asked = 0;
  const field = async (x: Float32Array, t: number) => {
    asked += 1;
    return x.map(() => 2 * t);
  };
  const options = { method: 'adams-bashforth', steps: 4, guidance: 1, temperature: 1 } as const;
  const z = await integrate(field, noise, options);
  // Exact from the second step on; the first is Euler's, late by h^2 = 1/16.
  expect(z[0]).toBeCloseTo(noise[0] + 1 - 1 / 16, 5);
  expect(asked).toBe(4);
});

test('temperature scales the noise that the integration starts from, and leaves the caller\'s alone', async () => {
  const still = async (x: Float32Array) => x.map(() => 0);
  const kept = noise.slice();
  const z = await integrate(still, noise, { method: 'euler', steps: 2, guidance: 1, temperature: 0.25 });
  expect([...z]).toEqual([...noise].map((value) => value * 0.25));
  expect(noise).toEqual(kept);
  expect(await integrate(still, noise, { method: 'euler', steps: 2, guidance: 1, temperature: 1 })).toEqual(kept);
});

test('guidance 1 asks for one velocity a step; otherwise the domain counts against none', async () => {
  const asked: boolean[] = [];
  const field = async (x: Float32Array, _: number, told: boolean) => {
    asked.push(told);
    return x.map(() => (told ? 3 : 1));
  };
  expect((await integrate(field, noise, { method: 'euler', steps: 1, guidance: 1, temperature: 1 }))[0]).toBeCloseTo(3.5, 6);
  expect(asked).toEqual([true]);
  expect((await integrate(field, noise, { method: 'euler', steps: 1, guidance: 2, temperature: 1 }))[0]).toBeCloseTo(5.5, 6);
  expect(asked).toEqual([true, true, false]);
});

test('progress is told after every step, and ends the work by throwing', async () => {
  const steps: number[] = [];
  const stopped = integrate(async (x) => x, noise, { method: 'euler', steps: 4, guidance: 1, temperature: 1 }, (step) => {
    steps.push(step);
    if (step === 2) throw new Error('enough');
  });
  await expect(stopped).rejects.toThrow('enough');
  expect(steps).toEqual([1, 2]);
  await expect(integrate(async (x) => x, noise, { method: 'euler', steps: 0, guidance: 1, temperature: 1 })).rejects.toThrow(RangeError);
});

test('a seed names the same noise in whatever batch', () => {
  const both = initialNoise(nanoConfig, [5, 9]);
  const alone = initialNoise(nanoConfig, [9]);
  expect(both.subarray(alone.length)).toEqual(alone);
  expect(both.subarray(0, alone.length)).not.toEqual(alone);
});
