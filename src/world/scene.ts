// What a scene and a clip are. A scene says everything that decides the outcome and the picture, as plain
// JSON. Units: metres, seconds, kilograms. Axes: x right, y up, z towards the camera. Colours: linear RGB 0
// .. 1.

import type { Combination, MaterialName, Shape, Split } from './splits.ts';

export type { Combination, MaterialName, Shape, Split, Support } from './splits.ts';

export type Vector = [number, number, number];
/** x, y, z, w; unit length. */
export type Quaternion = [number, number, number, number];

export const clipFrames = 25;
export const framesPerSecond = 12.5;
export const frameSize = 64;
export const gravity = 9.81;

/** Static blocks have no material: their look and contact are those of the room. */
export interface SceneObject {
  /** 1 .. n for dropped objects: the label in the masks. Static blocks follow after them. */
  id: number;
  dropped: boolean;
  shape: Shape;
  material: MaterialName | 'stone';
  /**
   * Half extents. Sphere: [radius, 0, 0]; box: half sides; cylinder, cone: [radius, half height, 0] about y;
   * capsule: [radius, half length of its straight part, 0] about y.
   */
  size: Vector;
  position: Vector;
  rotation: Quaternion;
  colour: Vector;
  restitution: number;
  friction: number;
  density: number;
  /** Present on dropped objects. */
  combination?: Combination;
}

export interface Room {
  floor: 'tiled' | 'striped' | 'planked' | 'plain';
  /** The two tones of the floor. */
  floorColours: [Vector, Vector];
  /** Side of a tile, width of a stripe or a plank. */
  floorPeriod: number;
  /** Bottom and top of the back wall. */
  wallColours: [Vector, Vector];
}

export interface Scene {
  family: 'free-fall';
  domain: 'rigid';
  split: Split;
  seed: number;
  /** How many draws were refused before this one. */
  attempt: number;
  prompt: string;
  objects: SceneObject[];
  room: Room;
  /** Unit vector from the scene to the key light. */
  light: Vector;
}

/**
 * Where everything dropped is, frame by frame. Object k at frame f starts at (f * objects + k) * 3 (or 4).
 */
export interface Trajectory {
  frames: number;
  /** Number of dropped objects. */
  objects: number;
  positions: Float32Array;
  rotations: Float32Array;
  /** Kinetic plus potential energy of all dropped objects at each frame, in joules. */
  energy: Float32Array;
}

export interface Clip {
  /** RGB, [25, 64, 64, 3]. */
  frames: Uint8Array;
  /** Label of the nearest dropped object at the pixel's centre, 0 where there is none, [25, 64, 64]. */
  masks: Uint8Array;
  /** Distance along the camera's axis at the pixel's centre, in metres, [25, 64, 64]. */
  depth: Float32Array;
}

/** Radius of the sphere about an object's origin that contains it. */
export function boundingRadius(object: Pick<SceneObject, 'shape' | 'size'>): number {
  const [a, b, c] = object.size;
  switch (object.shape) {
    case 'sphere':
      return a;
    case 'capsule':
      return a + b;
    case 'box':
      return Math.sqrt(a * a + b * b + c * c);
    default:
      return Math.sqrt(a * a + b * b);
  }
}
