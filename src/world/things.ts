// What families build their objects from: rotations, reaches, materials made into objects, words for a prompt.

import type { Random } from '../math/random.ts';
import { linearColour, materials } from './materials.ts';
import type { Furnishing, MaterialName, Quaternion, SceneObject, Shape, Vector } from './scene.ts';

/** Hamilton product: first b, then a. */
export function multiply(a: Quaternion, b: Quaternion): Quaternion {
  return [
    a[3] * b[0] + a[0] * b[3] + a[1] * b[2] - a[2] * b[1],
    a[3] * b[1] - a[0] * b[2] + a[1] * b[3] + a[2] * b[0],
    a[3] * b[2] + a[0] * b[1] - a[1] * b[0] + a[2] * b[3],
    a[3] * b[3] - a[0] * b[0] - a[1] * b[1] - a[2] * b[2],
  ];
}

/** Rotation by an angle about one axis, given the tangent of half the angle. */
export function turnAbout(axis: 0 | 1 | 2, halfTangent: number): Quaternion {
  const scale = 1 / Math.sqrt(1 + halfTangent * halfTangent);
  const turn: Quaternion = [0, 0, 0, scale];
  turn[axis] = halfTangent * scale;
  return turn;
}

/** Rotation about z (counter-clockwise in the picture) of which sine and cosine are known. */
export function leanBy(sine: number, cosine: number): Quaternion {
  // Adding 0 turns -0, which JSON does not know, into 0.
  return turnAbout(2, sine / (1 + cosine) + 0);
}

/** A vector turned by a rotation. */
export function turned([x, y, z, w]: Quaternion, [a, b, c]: Vector): Vector {
  const tx = 2 * (y * c - z * b);
  const ty = 2 * (z * a - x * c);
  const tz = 2 * (x * b - y * a);
  return [a + w * tx + y * tz - z * ty, b + w * ty + z * tx - x * tz, c + w * tz + x * ty - y * tx];
}

/** Distance from an object's origin down to its lowest point. */
export function reachDown(object: Pick<SceneObject, 'shape' | 'size' | 'rotation'>): number {
  const [a, b, c] = object.size;
  const [x, y, z, w] = object.rotation;
  // The second row of the rotation matrix: the world's y of each of the object's axes.
  const rx = 2 * (x * y + w * z);
  const ry = 1 - 2 * (x * x + z * z);
  const rz = 2 * (y * z - w * x);
  const across = Math.sqrt(Math.max(0, 1 - ry * ry));
  const absolute = ry < 0 ? -ry : ry;
  switch (object.shape) {
    case 'sphere':
      return a;
    case 'box':
      return a * Math.abs(rx) + b * absolute + c * Math.abs(rz);
    case 'cylinder':
      return a * across + b * absolute;
    case 'capsule':
      return a + b * absolute;
    case 'cone':
      return Math.max(-b * ry, b * ry + a * across);
  }
}

/** A colour a little lighter or darker, from sRGB 0 .. 255 to linear. */
export function jitter(random: Random, colour: Vector, amount: number): Vector {
  const light = random.uniform(1 - amount, 1 + amount);
  const tone = (value: number) =>
    Math.min(255, value * light * random.uniform(1 - amount / 3, 1 + amount / 3));
  return linearColour([tone(colour[0]), tone(colour[1]), tone(colour[2])]);
}

/** An object of a material of the table, its colour varied a little. */
export function materialObject(
  random: Random, material: MaterialName, rest: Pick<SceneObject, 'label' | 'moves' | 'shape' | 'size' | 'position'>
    & Partial<SceneObject>,
): SceneObject {
  const { colour, restitution, friction, density } = materials[material];
  return {
    rotation: [0, 0, 0, 1], colour: jitter(random, colour, 0.08), restitution, friction, density, material, ...rest,
  };
}

/** What belongs to the set and not to the actors: static unless said otherwise, grey unless coloured (sRGB). */
export function furnishing(
  material: Furnishing, colour: Vector, rest: Pick<SceneObject, 'shape' | 'size' | 'position'>
    & Partial<SceneObject>,
): SceneObject {
  return {
    label: 0, moves: false, rotation: [0, 0, 0, 1], colour: linearColour(colour), restitution: 0, friction: 0.6,
    density: 100, material, ...rest,
  };
}

const phrases: Record<Shape, string> = {
  sphere: 'ball', box: 'box', cylinder: 'cylinder', capsule: 'capsule', cone: 'cone',
};

/** "a red rubber ball". */
export function phraseOf(material: MaterialName, shape: Shape): string {
  return `a ${materials[material].phrase} ${phrases[shape]}`;
}

/** "a, b and c". */
export function listOf(names: readonly string[]): string {
  const last = names.length - 1;
  return last === 0 ? names[0] : `${names.slice(0, last).join(', ')} and ${names[last]}`;
}
