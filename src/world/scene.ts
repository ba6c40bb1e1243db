// What a scene and a clip are. A scene says everything that decides the outcome and the picture, as plain
// JSON. Units: metres, seconds, kilograms. Axes: x right, y up, z towards the camera. Colours: linear RGB 0
// .. 1.

import type { Combination, MaterialName, Shape, Split } from './splits.ts';

export type { Combination, MaterialName, Shape, Split, Support } from './splits.ts';

/** What a prompt begins with, and the domain token of the generator. */
export type Domain = 'rigid' | 'fluid' | 'thermal' | 'optics';

export type Vector = [number, number, number];
/** x, y, z, w; unit length. */
export type Quaternion = [number, number, number, number];

export const clipFrames = 25;
export const framesPerSecond = 12.5;
export const frameSize = 64;
export const gravity = 9.81;

/** What is no material of the table: its look is its colour alone, its contacts are its own. */
export type Furnishing = 'stone' | 'steel' | 'water' | 'ice' | 'ember' | 'glass';

export interface SceneObject {
  /** 1 .. n in the masks for what is followed (several parts may share one), 0 for everything else. */
  label: number;
  /** Has poses in the trajectory; everything else stands still and belongs to the background. */
  moves: boolean;
  shape: Shape;
  material: MaterialName | Furnishing;
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
  /** Metres a second at frame 0; at rest without it. Only where the picture shows the cause. */
  velocity?: Vector;
  /** Angular damping in 1 / s; 0.4 without it. */
  damping?: number;
  /** A mirror shows what it faces, glass bends what is behind it. Static boxes only. */
  surface?: 'mirror' | 'glass';
  /** Share of what is behind that it hides, 0 .. 1; 1 without it. Such objects move, and cast no shadow. */
  opacity?: number;
  /** Share of its colour that it gives off by itself, 0 .. 1; 0 without it. */
  emission?: number;
  /** Collides with nothing: it is there to be seen. */
  ghost?: boolean;
  /**
   * Turns about z alone. Where a scene is symmetric about the picture's plane the exact motion does, while a
   * solver's asymmetry would turn boxes and cylinders out of it after a contact, by what nobody can see.
   */
  planar?: boolean;
  /** On dropped objects of the free-fall family. */
  combination?: Combination;
}

/**
 * Holds two objects together, or one to the room. Anchors are in each object's own frame, or in the world's.
 * What is fixed to something starts with the same rotation.
 */
export interface Joint {
  kind: 'hinge' | 'fixed';
  /** Index into the scene's objects. */
  object: number;
  anchor: Vector;
  /** The other object, or the room when missing. */
  other?: number;
  otherAnchor: Vector;
  /** Of a hinge: unit vector, in both frames. */
  axis?: Vector;
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
  family: string;
  domain: Domain;
  split: Split;
  seed: number;
  /** How many draws were refused before this one. */
  attempt: number;
  prompt: string;
  objects: SceneObject[];
  room: Room;
  /** Unit vector from the scene to the key light. */
  light: Vector;
  /** Where the key light is when it is a lamp in the room; `light` then points to it from the middle. */
  lamp?: Vector;
  joints?: Joint[];
  /** Which bin of each factor the scene is from (factors.ts); -1 for a value beyond the bins. */
  bins?: Record<string, number>;
  /** What a family needs to run the scene and cannot read off its objects; SI units. */
  parameters?: Record<string, number>;
}

/**
 * How everything that moves is, frame by frame. Object k at frame f starts at (f * objects + k) * 3 (or 4).
 */
export interface Trajectory {
  frames: number;
  /** Number of moving objects. */
  objects: number;
  positions: Float32Array;
  rotations: Float32Array;
  /** Half extents and colours, where they change. */
  sizes?: Float32Array;
  colours?: Float32Array;
  /** What the family's law conserves or bounds at each frame (joules, unless the family says otherwise). */
  energy: Float32Array;
}

/** S is the side of the picture, 64 unless asked otherwise. */
export interface Clip {
  /** RGB, [25, S, S, 3]. */
  frames: Uint8Array;
  /** Label of the nearest object at the pixel's centre, 0 where there is none, [25, S, S]. */
  masks: Uint8Array;
  /** Distance along the camera's axis at the pixel's centre, in metres, [25, S, S]. */
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

/** Labels that occur in a scene's masks, ascending. */
export function labelsOf(scene: Pick<Scene, 'objects'>): number[] {
  return [...new Set(scene.objects.map(({ label }) => label))].filter((label) => label > 0)
    .toSorted((a, b) => a - b);
}
