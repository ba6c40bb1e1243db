// Spring: a block rests before a compressed spring on a strip of ice and is let go. The spring pushes it
// until it has its own length again, then stays; the block slides on until friction ends it. Everything
// that decides shows: how far the spring is pressed (18 cm a coil when it rests, to the mark on the ice),
// how stiff it is (k = G d^4 / (8 D^3 n) by wire and coils; e.g. Budynas and Nisbett, "Shigley's Mechanical
// Engineering Design", ch. 10), and the block's weight and friction by its size and material. The spring
// has no weight. Velocity Verlet (Swope et al., J. Chem. Phys. 76, 637, 1982) with Coulomb friction; blocks
// that would hardly move, or leave the picture, are drawn again.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft, Track } from '../family.ts';
import { growthOf } from '../laws.ts';
import { stillTrajectory } from '../recordings.ts';
import { defaultSubsteps, type SimulationOptions } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import {
  framesPerSecond, gravity, type Scene, type SceneObject, type Trajectory, type Vector,
} from '../scene.ts';
import { materialNames, type Split } from '../splits.ts';
import { furnishing, leanBy, materialObject, phraseOf } from '../things.ts';
import { staysInView } from '../visibility.ts';

const factors = {
  material: choice(materialNames.length),
  /** Coils, less three. */
  coils: choice(3),
  /** Radius of the wire. */
  wire: { bins: [[0.027, 0.032], [0.032, 0.038], [0.038, 0.045]], beyond: [[0.022, 0.026], [0.046, 0.05]] },
  /** Half height of the block. */
  size: { bins: [[0.16, 0.18], [0.18, 0.2], [0.2, 0.225]], beyond: [[0.13, 0.15], [0.235, 0.255]] },
  /** Share of its length by which the spring is pressed. */
  pressed: { bins: [[0.36, 0.42], [0.42, 0.48], [0.48, 0.54]], beyond: [[0.3, 0.34], [0.56, 0.6]] },
} as const;

/** Of a spring at rest, metres a coil, and from its axis to the middle of its wire. */
const restPitch = 0.18;
const coilRadius = 0.14;
/** Modulus G of the wire, Pa: a soft wire for light blocks. */
const modulus = 6e6;
/** Where the wall is that holds the spring, to the left or mirrored. */
const wallX = -1.18;
const halfPlate = 0.015;
const halfIce = 0.015;
const iceFriction = 0;
/** Shortest way after the spring that is worth showing, and where the block must have stopped. */
const shortestWay = 0.3;
const end = 1.1;

/** What the law needs, in SI units. */
export interface Push {
  readonly stiffness: number;
  /** How far the spring is pressed at the start. */
  readonly pressed: number;
  readonly mass: number;
  /** Deceleration by friction. */
  readonly drag: number;
  /**
   * Which way it goes, 1 to the right, and where the middle of the block is when it leaves the spring, that
   * way.
   */
  readonly side: number;
  readonly leaves: number;
}

export function pushIn({ objects: [block], parameters = {} }: Pick<Scene, 'objects' | 'parameters'>): Push {
  const [a, b, c] = block.size;
  const { coils, wire, pressed, side } = parameters;
  return {
    stiffness: (modulus * wire * wire * wire * wire) / (4 * coilRadius * coilRadius * coilRadius * coils),
    pressed, mass: 8 * a * b * c * block.density, drag: (gravity * (block.friction + iceFriction)) / 2,
    side, leaves: side * block.position[0] + pressed,
  };
}

/** Square of the block's speed as it leaves the spring: what the spring gives, less friction. */
export function squareOnLeaving({ stiffness, pressed, mass, drag }: Push): number {
  return (stiffness * pressed * pressed) / mass - 2 * drag * pressed;
}

/**
 * Poses of the half turns of a spring from the wall, `length` long: front ones lean forward, those behind
 * back.
 */
function turnsOf(
  coils: number, length: number, wire: number, side: number, axis: number, z: number,
): Pick<SceneObject, 'position' | 'rotation' | 'size'>[] {
  const advance = length / (2 * coils);
  const whole = Math.sqrt(advance * advance + 4 * coilRadius * coilRadius);
  return Array.from({ length: 2 * coils }, (_, i) => {
    const front = i % 2 === 0 ? 1 : -1;
    return {
      position: [side * (wallX + (i + 0.5) * advance), axis, z + 0.6 * front * coilRadius] as Vector,
      rotation: leanBy((-side * front * advance) / whole, (2 * coilRadius) / whole),
      size: [wire, whole / 2, 0] as Vector,
    };
  });
}

function draw(split: Split, random: Random): SceneDraft | null {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const material = materialNames[values.material];
  const coils = values.coils + 3;
  const { wire, size } = values;
  const rest = restPitch * coils;
  const pressed = values.pressed * rest;
  const side = random.pick([1, -1]);
  const z = random.uniform(-0.15, 0.1);
  const half: Vector = [size * random.uniform(0.9, 1.15), size, size * random.uniform(0.85, 1)];
  const axis = 2 * halfIce + size;
  const block = materialObject(random, material, {
    label: 1, moves: true, shape: 'box', size: half,
    position: [side * (wallX + rest - pressed + 2 * halfPlate + half[0]), axis, z],
  });
  const parameters = { coils, wire, pressed, side };
  const push = pushIn({ objects: [block], parameters });
  const way = squareOnLeaving(push) / (2 * push.drag);
  if (way < shortestWay || push.leaves + way > end - half[0]) return null;
  const grey: Vector = [96, 98, 104];
  const turns = turnsOf(coils, rest - pressed, wire, side, axis, z).map((turn) => furnishing('steel', grey, {
    ...turn, shape: 'capsule', moves: true,
  }));
  const plate = furnishing('steel', grey, {
    shape: 'box', moves: true, size: [halfPlate, 1.2 * coilRadius, 0.9 * coilRadius],
    position: [side * (wallX + rest - pressed + halfPlate), axis, z],
  });
  const wall = furnishing('stone', [116, 112, 108], {
    shape: 'box', size: [0.04, 0.26, 0.24], position: [side * (wallX - 0.04), 0.26, z],
  });
  const ice = furnishing('ice', [206, 222, 232], {
    shape: 'box', size: [1.19, halfIce, 0.26], position: [side * (wallX + 1.19), halfIce, z],
    friction: iceFriction,
  });
  const mark = furnishing('stone', [70, 72, 78], {
    shape: 'box', size: [0.012, halfIce + 0.002, 0.262], ghost: true,
    position: [side * (wallX + rest + 2 * halfPlate), halfIce, z],
  });
  return {
    prompt: `Rigid, a pressed spring pushes ${phraseOf(material, 'box')} over ice`,
    objects: [block, ...turns, plate, wall, ice, mark], room, light, bins, parameters,
  };
}

function simulate(scene: Scene, options: SimulationOptions = {}): Trajectory {
  const { stiffness, pressed, mass, drag, side, leaves } = pushIn(scene);
  const slowing = (drag * (options.gravity ?? gravity)) / gravity;
  const substeps = options.substeps ?? defaultSubsteps;
  const step = 1 / (framesPerSecond * substeps);
  const trajectory = stillTrajectory(scene);
  const { positions, rotations, sizes, energy, objects: count } = trajectory;
  const coils = (count - 2) / 2;
  const rest = restPitch * coils;
  const [, axis, z] = scene.objects[0].position;
  const wire = scene.objects[1].size[0];
  // How far the block still presses the spring; negative after it has left.
  let pressing = pressed;
  let speed = 0;
  let moves = (stiffness * pressing) / mass > slowing;
  const acceleration = () => (pressing > 0 ? (stiffness * pressing) / mass : 0) - slowing;
  for (let frame = 0; frame < trajectory.frames; frame++) {
    for (let i = 0; i < (frame === 0 ? 0 : substeps) && moves; i++) {
      speed += (acceleration() * step) / 2;
      pressing -= speed * step;
      speed += (acceleration() * step) / 2;
      if (speed > 0) continue;
      moves = false;
      speed = 0;
    }
    const spring = pressing > 0 ? pressing : 0;
    const at = frame * count;
    positions[at * 3] = side * (leaves - pressing);
    turnsOf(coils, rest - spring, wire, side, axis, z).forEach(({ position, rotation, size }, k) => {
      positions.set(position, (at + 1 + k) * 3);
      rotations.set(rotation, (at + 1 + k) * 4);
      sizes.set(size, (at + 1 + k) * 3);
    });
    positions[(at + count - 1) * 3] = side * (wallX + rest - spring + halfPlate);
    energy[frame] = (mass * speed * speed + stiffness * spring * spring) / 2;
  }
  return trajectory;
}

/**
 * Speed at which the block left, by the frames after it did and before it stops, slowed down by friction
 * alone.
 */
function speedOnLeaving({ drag, side, leaves }: Push, track: Track): number {
  const x = track.x.map((value) => side * value);
  const first = x.findIndex((value) => value > leaves);
  if (first < 0) return NaN;
  let last = first;
  while (x[last + 1] - x[last] > 0.02) last++;
  const undragged = x.slice(first, last + 1).map((value, i) => {
    const t = i / framesPerSecond;
    return value + (drag * t * t) / 2;
  });
  const speed = growthOf(undragged);
  return Math.sqrt(speed * speed + 2 * drag * (x[first] - leaves));
}

export const spring: Family = {
  name: 'spring',
  title: 'Spring and block',
  domain: 'rigid',
  number: 10,
  law: {
    sentence: 'A spring pressed by x gives a block the energy k x² / 2, less what friction takes: heavy ones '
      + 'leave slowly.',
    quantity: 'speed of the block as it leaves the spring, m/s',
    expected: (scene) => Math.sqrt(squareOnLeaving(pushIn(scene))),
    measured: (scene, [track]) => (track ? speedOnLeaving(pushIn(scene), track) : NaN),
  },
  draw,
  simulate,
  isGood: staysInView,
};
