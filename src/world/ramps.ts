// Ramps: a plank that leans, the posts that carry it, where things lie on it, and how fast they go down it.

import type { Track } from './family.ts';
import { accelerationFromRest, distancesFromStart } from './laws.ts';
import type { Furnishing, Quaternion, SceneObject, Vector } from './scene.ts';
import { furnishing, leanBy } from './things.ts';

const halfThickness = 0.03;
const postHalfWidth = 0.04;
/** Of a post's top under the upper face: more than its corner rises over its middle at any angle. */
const postDepth = postHalfWidth + 0.005;

/** The upper face of a plank in the picture's plane, from its lower end. */
export interface Ramp {
  /** Middle of the upper face's lower edge. */
  foot: Vector;
  length: number;
  /** Of its angle to the floor. */
  sine: number;
  /** 1 when it goes down to the right, -1 to the left. */
  side: number;
}

function cosineOf({ sine }: Ramp): number {
  return Math.sqrt(1 - sine * sine);
}

/** The point at a distance up the ramp from its foot, and at a height over its face. */
export function pointOn(ramp: Ramp, distance: number, above: number): Vector {
  const { foot, sine, side } = ramp;
  const cosine = cosineOf(ramp);
  return [
    foot[0] + side * (sine * above - cosine * distance), foot[1] + cosine * above + sine * distance, foot[2],
  ];
}

/** Turns what is upright so that it lies flat on the ramp. */
export function tiltOf(ramp: Ramp): Quaternion {
  return leanBy(-ramp.side * ramp.sine, cosineOf(ramp));
}

/** How far a ramp reaches along x. */
export function widthOf(ramp: Ramp): number {
  return ramp.length * cosineOf(ramp);
}

/** The plank and its posts: one under the upper end, and one under the foot when that is off the floor. */
export function rampObjects(
  ramp: Ramp, material: Furnishing, colour: Vector, friction: number, halfWidth = 0.22,
): SceneObject[] {
  const plank = furnishing(material, colour, {
    shape: 'box', size: [ramp.length / 2, halfThickness, halfWidth],
    position: pointOn(ramp, ramp.length / 2, -halfThickness), rotation: tiltOf(ramp), friction,
  });
  const shade: Vector = [colour[0] * 0.8, colour[1] * 0.8, colour[2] * 0.8];
  const posts = [0.08, ramp.length - 0.08].map((distance) => {
    const [x, y, z] = pointOn(ramp, distance, -postDepth);
    return furnishing(material, shade, {
      shape: 'box', size: [postHalfWidth, y / 2, halfWidth * 0.8], position: [x, y / 2, z],
    });
  });
  return [plank, ...posts.filter(({ size }) => size[1] > 0.08)];
}

/** A board that stands on the floor and ends a motion. */
export function stopBoard(x: number, z: number, height: number, colour: Vector): SceneObject {
  return furnishing('stone', colour, {
    shape: 'box', size: [0.05, height / 2, 0.24], position: [x, height / 2, z],
  });
}

/** Acceleration of a thing that starts from rest and goes straight for `run` metres, m/s^2. */
export function accelerationOver(run: number, track: Track): number {
  const distances = distancesFromStart(track.x, track.y);
  return accelerationFromRest(distances.map((distance) => (distance < run ? distance : NaN)));
}
