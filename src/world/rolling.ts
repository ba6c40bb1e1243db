// Balls and cylinders that roll down a ramp from rest. No contact slips, nothing brakes: a = g sin / (1 +
// k), with k = 2/5 of a ball and 1/2 of a cylinder, e.g. Halliday, Resnick and Walker, "Fundamentals of
// Physics", ch. 11.

import type { Random } from '../math/random.ts';
import { pointOn, type Ramp } from './ramps.ts';
import { gravity, type MaterialName, type SceneObject } from './scene.ts';
import { materialObject, turnAbout } from './things.ts';

export const rollers = ['sphere', 'cylinder'] as const;
export type Roller = (typeof rollers)[number];

/** A roller with label 1 that touches a ramp at a distance up from its foot; a cylinder lies across. */
export function rollerOn(
  random: Random, ramp: Ramp, distance: number, shape: Roller, material: MaterialName, radius: number,
): SceneObject {
  const lies = shape === 'cylinder';
  return materialObject(random, material, {
    label: 1, moves: true, planar: true, shape,
    size: lies ? [radius, random.uniform(0.8, 1) * radius, 0] : [radius, 0, 0],
    position: pointOn(ramp, distance, radius), rotation: lies ? turnAbout(0, 1) : [0, 0, 0, 1], damping: 0,
  });
}

/** Acceleration down a ramp, m/s^2. */
export function rollingAcceleration({ shape }: Pick<SceneObject, 'shape'>, sine: number): number {
  return (gravity * sine) / (shape === 'sphere' ? 7 / 5 : 3 / 2);
}
