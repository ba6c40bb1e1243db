import fc from 'fast-check';
import { expect, test } from 'vitest';
import { advanced, frameOf, restFrames, soughtTo, toggled, type FrameClock } from './frame-clock.ts';

const clock: FrameClock = {
  position: 0,
  frames: 25,
  framesPerSecond: 12.5,
  playing: true,
  speed: 1,
  loop: true,
};

test('half a second is six frames', () => {
  expect(frameOf(advanced(clock, 500).clock)).toBe(6);
  expect(frameOf(advanced({ ...clock, speed: 0.25 }, 960).clock)).toBe(3);
});

test('many small steps arrive where one large step does', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }), (steps) => {
      const total = steps.reduce((sum, step) => sum + step, 0);
      const small = steps.reduce((state, step) => advanced(state, step).clock, clock);
      const large = advanced(clock, total).clock;
      return Math.abs(small.position - large.position) < 1e-9;
    }),
  );
});

test('the frame always exists, and each lap ends once', () => {
  let state = clock;
  let ends = 0;
  const lap = ((clock.frames + restFrames) / clock.framesPerSecond) * 1000;
  for (let time = 0; time < 3 * lap - 1; time += 16) {
    const next = advanced(state, 16);
    state = next.clock;
    ends += next.ends;
    expect(frameOf(state)).toBeGreaterThanOrEqual(0);
    expect(frameOf(state)).toBeLessThan(25);
  }
  expect(ends).toBe(3);
});

test('without a loop the clip stops on its last frame, once', () => {
  let state: FrameClock = { ...clock, loop: false };
  let ends = 0;
  for (let count = 0; count < 400; count++) {
    const next = advanced(state, 16);
    state = next.clock;
    ends += next.ends;
  }
  expect(frameOf(state)).toBe(24);
  expect(state.playing).toBe(false);
  expect(ends).toBe(1);
  expect(frameOf(toggled(state))).toBe(0);
});

test('a paused clock stands still, and seeking stays inside the clip', () => {
  const paused = soughtTo(clock, 12);
  expect(advanced(paused, 500).clock).toBe(paused);
  expect(frameOf(soughtTo(clock, -3))).toBe(0);
  expect(frameOf(soughtTo(clock, 99))).toBe(24);
});

test('a long absence does not jump more than a second', () => {
  expect(advanced(clock, 60_000).clock.position).toBeCloseTo(12.5);
});
