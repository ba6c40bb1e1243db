import { expect, test } from 'vitest';
import { SubmitPlan } from './submit-plan.ts';

const total = (plan: SubmitPlan): number => plan.lengths.reduce((sum, length) => sum + length, 0);

// Replays until the plan rests; every dispatch takes `each` milliseconds.
function settle(count: number, each: number): SubmitPlan {
  const plan = new SubmitPlan(count);
  for (let replay = 0; replay < 20; replay++) {
    if (!plan.learn(plan.lengths.map((length) => length * each))) break;
  }
  return plan;
}

test('joins short submits into one on a fast adapter', () => {
  expect(settle(370, 0.01).lengths).toEqual([370]);
});

test('splits until no submit is over the limit, down to single dispatches', () => {
  const plan = settle(100, 30);
  expect(total(plan)).toBe(100);
  expect(Math.max(...plan.lengths) * 30).toBeLessThanOrEqual(240);
  expect(settle(20, 500).lengths).toEqual(Array.from({ length: 20 }, () => 1));
});

test('cuts as few submits as the limit allows where dispatches differ', () => {
  const times = Array.from({ length: 466 }, (_, i) => (i % 7 === 0 ? 15 : 1));
  const plan = new SubmitPlan(times.length);
  const measured = (): number[] => {
    let at = 0;
    return plan.lengths.map((length) => times.slice(at, (at += length)).reduce((sum, time) => sum + time, 0));
  };
  for (let replay = 0; replay < 8; replay++) plan.learn(measured());
  expect(total(plan)).toBe(466);
  expect(Math.max(...measured())).toBeLessThanOrEqual(240);
  const whole = times.reduce((sum, time) => sum + time, 0);
  expect(plan.lengths.length).toBe(Math.ceil(whole / 215));
});

test('keeps its plan when times belong to another one, and has none for nothing', () => {
  const plan = new SubmitPlan(40);
  expect(plan.lengths).toEqual([16, 16, 8]);
  expect(plan.learn([1, 2])).toBe(false);
  expect(new SubmitPlan(0).lengths).toEqual([]);
});
