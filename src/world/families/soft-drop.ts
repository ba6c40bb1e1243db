// The soft-drop family: a soft body falls, is squashed and wobbles. What it is made of decides how: rubber is
// firm and springs back, jelly wobbles for long, foam gives way and damps, clay hardly comes up again. It is
// a lattice of masses and springs (mass-springs.ts), drawn as balls that overlap. Its shape, size, lean and
// height are seen. Does not do: bodies that tear or keep a new shape.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft } from '../family.ts';
import { fallOf } from '../laws.ts';
import { energyOfSoftBody, softBody, stepSoftBody } from '../mass-springs.ts';
import { materials } from '../materials.ts';
import { stillTrajectory } from '../recordings.ts';
import { defaultSubsteps, type SimulationOptions } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import {
  clipFrames, framesPerSecond, gravity, type Scene, type SceneObject, type Trajectory, type Vector,
} from '../scene.ts';
import type { Split } from '../splits.ts';
import { furnishing, jitter, leanBy, multiply, turnAbout, turned } from '../things.ts';
import { inView } from '../visibility.ts';

interface Kind {
  readonly phrase: string;
  /** sRGB 0 .. 255. */
  readonly colour: Vector;
  /** Frequency of a node on one spring, 1 / s. */
  readonly frequency: number;
  /** Damping of a spring over that frequency. */
  readonly damping: number;
}

const kinds: readonly Kind[] = [
  { phrase: 'red rubber', colour: materials.rubber.colour, frequency: 55, damping: 0.04 },
  { phrase: 'purple jelly', colour: [150, 60, 200], frequency: 30, damping: 0.12 },
  { phrase: 'green foam', colour: materials.foam.colour, frequency: 28, damping: 0.5 },
  { phrase: 'yellow clay', colour: materials.clay.colour, frequency: 26, damping: 2 },
];

/** Lattices by their nodes in units of the spacing, and the half height that they are scaled to. */
const lattices = [
  { noun: 'cube', nodes: block(3, 3, 3), reach: 1 },
  { noun: 'ball', nodes: ball(), reach: 1 },
  { noun: 'tower', nodes: block(2, 4, 2), reach: 1.5 },
] as const;

/** Radius of a node, and how far springs reach, in units of the spacing. */
const nodeRadius = 0.8;
const springReach = 2.05;

function block(width: number, height: number, depth: number): Vector[] {
  const nodes: Vector[] = [];
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < height; j++) {
      for (let k = 0; k < depth; k++) {
        nodes.push([i - (width - 1) / 2, j - (height - 1) / 2, k - (depth - 1) / 2]);
      }
    }
  }
  return nodes;
}

/** A middle and 18 nodes about it, at the middles of the sides and edges of a cube, all at distance 1. */
function ball(): Vector[] {
  return block(3, 3, 3).filter(([x, y, z]) => x * y * z === 0).map(([x, y, z]) => {
    const length = Math.sqrt(x * x + y * y + z * z);
    const scale = length > 0 ? 1.15 / length : 0;
    return [x * scale, y * scale, z * scale];
  });
}

const factors = {
  kind: choice(kinds.length),
  lattice: choice(lattices.length),
  size: { bins: [[0.26, 0.3], [0.3, 0.34], [0.34, 0.38]], beyond: [[0.2, 0.24], [0.4, 0.44]] },
  height: { bins: [[0.45, 0.65], [0.65, 0.85], [0.85, 1.05]], beyond: [[1.12, 1.25]] },
  lean: { bins: [[0, 0], [0.1, 0.22], [0.22, 0.36]] },
} as const;

/** Steps of the springs in a substep. */
const refinement = 10;
const friction = 12;

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const kind = kinds[values.kind];
  const lattice = lattices[values.lattice];
  const highest = lattice.nodes.reduce((most, [, y]) => (y > most ? y : most), 0);
  const spacing = (values.size * lattice.reach) / (highest + nodeRadius);
  const side = random.uniform() < 0.5 ? -1 : 1;
  const sine = side * values.lean;
  const turn = multiply(leanBy(sine, Math.sqrt(1 - sine * sine)), turnAbout(1, random.uniform(-0.25, 0.25)));
  const nodes = lattice.nodes.map((node) => turned(turn, node));
  const lowest = nodes.reduce((least, [, y]) => (y < least ? y : least), 0);
  const middle: Vector = [
    random.uniform(-0.4, 0.4), values.height + (nodeRadius - lowest) * spacing, random.uniform(-0.2, 0.2),
  ];
  const colour = jitter(random, kind.colour, 0.08);
  const objects = nodes.map(([x, y, z]): SceneObject => ({
    ...furnishing('water', [0, 0, 0], {
      label: 1, moves: true, shape: 'sphere', size: [nodeRadius * spacing, 0, 0],
      position: [middle[0] + x * spacing, middle[1] + y * spacing, middle[2] + z * spacing],
    }),
    colour,
  }));
  return {
    prompt: `Fluid, a soft ${kind.phrase} ${lattice.noun} falls onto a ${room.floor} floor`,
    objects, room, light, bins,
    parameters: {
      spacing, stiffness: kind.frequency * kind.frequency, damping: kind.frequency * kind.damping, friction,
    },
  };
}

/** `energy` is that of all nodes over the mass of one, in m^2 / s^2. */
function simulate(scene: Scene, options: SimulationOptions = {}): Trajectory {
  const { spacing, stiffness, damping, friction: hold } = scene.parameters ?? {};
  const pull = options.gravity ?? gravity;
  const steps = (options.substeps ?? defaultSubsteps) * refinement;
  const dt = 1 / (framesPerSecond * steps);
  const trajectory = stillTrajectory(scene);
  const { positions, energy } = trajectory;
  const start = Float64Array.from(scene.objects.flatMap(({ position }) => position));
  const elasticity = { stiffness, damping, friction: hold };
  const body = softBody(start, nodeRadius * spacing, springReach * spacing, elasticity);
  // Half a step of upward velocity makes free flight exactly the parabola h - g t^2 / 2.
  for (let i = 1; i < start.length; i += 3) body.velocities[i] = (pull * dt) / 2;
  for (let frame = 0; frame < clipFrames; frame++) {
    if (frame > 0) for (let i = 0; i < steps; i++) stepSoftBody(body, dt, pull);
    positions.set(body.positions, frame * start.length);
    energy[frame] = energyOfSoftBody(body, pull);
  }
  return trajectory;
}

function isGood(_: Scene, { frames, objects, positions, sizes }: Trajectory): boolean {
  for (let at = 0; at < frames * objects * 3; at += 3) {
    if (!inView(positions.subarray(at, at + 3), sizes?.[at] ?? 0)) return false;
  }
  return true;
}

export const softDrop: Family = {
  name: 'soft-drop',
  title: 'Soft drop',
  domain: 'fluid',
  number: 11,
  law: {
    sentence: 'However soft a body is, its middle falls like a stone until it meets the floor.',
    quantity: 'acceleration of the middle while it falls, m/s²',
    expected: () => gravity,
    measured: (_, [track]) => fallOf(track.y),
  },
  draw,
  simulate,
  isGood,
};
