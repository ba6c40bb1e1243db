// The pouring family: water runs out of a raised tank through a spout near its floor, in an arc, into a
// basin. How high the water stands, how wide the tank and how wide the spout is decide how fast and how far.
// By Torricelli's law the water leaves at v = sqrt(2 g h), so that A dh/dt = -a v (Batchelor, "An
// introduction to fluid dynamics", 1967, section 5.1), by the midpoint rule; what has left is in free fall,
// and thins as it gets faster. No water is lost. Does not do: a jet that contracts behind the hole, the start
// of the flow, drops, waves in tank and basin.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft, Track } from '../family.ts';
import { growthOf } from '../laws.ts';
import { stillTrajectory } from '../recordings.ts';
import { defaultSubsteps, type SimulationOptions } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import {
  clipFrames, framesPerSecond, gravity, type Scene, type SceneObject, type Trajectory, type Vector,
} from '../scene.ts';
import type { Split } from '../splits.ts';
import { furnishing } from '../things.ts';
import { inView } from '../visibility.ts';

const sides = ['left', 'right'] as const;

const factors = {
  side: choice(sides.length),
  /** Of the water above the spout, at the start. */
  height: { bins: [[0.5, 0.64], [0.64, 0.78], [0.78, 0.92]], beyond: [[0.36, 0.45], [0.98, 1.1]] },
  /** Half of the tank. */
  width: { bins: [[0.2, 0.24], [0.24, 0.28], [0.28, 0.32]] },
  /** Radius of the spout. */
  spout: { bins: [[0.045, 0.055], [0.055, 0.065], [0.065, 0.075]], beyond: [[0.036, 0.041], [0.08, 0.09]] },
} as const;

/** Half of tank and basin, towards the camera. */
const halfDepth = 0.2;
const standHeight = 0.42;
/** Water below the middle of the spout. */
const below = 0.1;
const wall = 0.025;
const spoutLength = 0.09;
/** Where the tank's outer wall is, and where basin and its water end, for a tank at the left. */
const edge = -1.1;
const basin = { from: -0.3, to: 1.12, depth: 0.08 };
const halfBasin = (basin.to - basin.from) / 2;
const parcels = 20;

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const { height, width, spout } = values;
  const direction = sides[values.side] === 'left' ? 1 : -1;
  const z = random.uniform(-0.1, 0.1);
  const middle = edge + 2 * wall + width;
  const mouth = middle + width + 2 * wall + spoutLength;
  const axis = standHeight + 2 * wall + below;
  const tone = random.uniform(92, 124);
  const at = (x: number, y: number): Vector => [direction * x, y, z];
  const steel = (size: Vector, x: number, y: number) =>
    furnishing('steel', [tone, tone, tone * 1.05], { shape: 'box', size, position: at(x, y) });
  const water = (label: number, shape: SceneObject['shape'], size: Vector, x: number, y: number) =>
    furnishing('water', [52, 124, 216], {
      label, moves: true, shape, size, position: at(x, y), emission: 0.2,
    });

  const full = (height + below) / 2;
  const tankWall = (height + below) / 2 + 0.06;
  const above = standHeight + 2 * wall;
  const basinMiddle = (basin.from + basin.to) / 2;
  const parcel = water(0, 'sphere', [spout * 0.9, 0, 0], mouth - spoutLength, axis);
  const moving = [
    water(1, 'box', [width, full, halfDepth], middle, above + full),
    water(2, 'box', [halfBasin, basin.depth / 2, halfDepth], basinMiddle, 2 * wall + basin.depth / 2),
    ...Array.from({ length: parcels }, () => parcel),
  ];
  const still = [
    furnishing('stone', [128, 126, 122], {
      shape: 'box', size: [width, standHeight / 2, halfDepth], position: at(middle, standHeight / 2),
    }),
    steel([width + 2 * wall, wall, halfDepth], middle, standHeight + wall),
    steel([wall, tankWall, halfDepth], middle - width - wall, above + tankWall),
    steel([wall, tankWall, halfDepth], middle + width + wall, above + tankWall),
    steel([spoutLength / 2, spout + 0.015, spout + 0.015], mouth - spoutLength / 2, axis),
    steel([halfBasin, wall, halfDepth], basinMiddle, wall),
    steel([wall, 0.2, halfDepth], basin.from - wall, 0.2),
    steel([wall, 0.2, halfDepth], basin.to + wall, 0.2),
  ];
  const stream = spout < 0.055 ? 'thin' : spout < 0.065 ? 'middling' : 'thick';
  return {
    prompt: `Fluid, water runs out of a tank at the ${sides[values.side]} in a ${stream} stream`,
    objects: [...moving, ...still],
    room, light, bins, parameters: { height, width, spout, direction, mouth, axis },
  };
}

/** Cross-section of the spout over that of the tank. */
function narrowness({ parameters }: Scene): number {
  const { width, spout } = parameters ?? {};
  return (Math.PI * spout * spout) / (4 * width * halfDepth);
}

/** Height of the water above the spout after every step, by the midpoint rule. */
function levelsOf(height: number, share: number, pull: number, substeps: number): Float64Array {
  const levels = new Float64Array((clipFrames - 1) * substeps + 1);
  const dt = 1 / (framesPerSecond * substeps);
  levels[0] = height;
  for (let i = 1; i < levels.length; i++) {
    const half = levels[i - 1] - (dt / 2) * share * Math.sqrt(2 * pull * levels[i - 1]);
    const level = half > 0 ? levels[i - 1] - dt * share * Math.sqrt(2 * pull * half) : 0;
    levels[i] = level > 0 ? level : 0;
  }
  return levels;
}

/** Stands a box of water with the given half height on a floor. */
function setBox({ sizes, positions }: Required<Trajectory>, at: number, half: number, floor: number): void {
  sizes[at + 1] = half;
  positions[at + 1] = floor + half;
}

/** `energy` is the volume of water in the tank above the spout, in m^3. */
function simulate(scene: Scene, options: SimulationOptions = {}): Trajectory {
  const { height, width, spout, direction, mouth, axis } = scene.parameters ?? {};
  const pull = options.gravity ?? gravity;
  const substeps = options.substeps ?? defaultSubsteps;
  const levels = levelsOf(height, narrowness(scene), pull, substeps);
  const dt = 1 / (framesPerSecond * substeps);
  /** Level at any time since the start, in between steps by their mean. */
  const levelAt = (time: number): number => {
    const step = Math.floor(time / dt);
    if (step >= levels.length - 1) return levels[levels.length - 1];
    return levels[step] + (time / dt - step) * (levels[step + 1] - levels[step]);
  };
  const tank = 4 * width * halfDepth;
  const floor = 4 * halfBasin * halfDepth;
  const trajectory = stillTrajectory(scene);
  const { objects: count, positions, sizes, energy } = trajectory;
  let depth = basin.depth;
  for (let frame = 0; frame < clipFrames; frame++) {
    const time = frame / framesPerSecond;
    const level = levelAt(time);
    // What left the spout at least a fall ago has arrived; a higher surface is met sooner.
    const fall = Math.sqrt((2 * (axis - 2 * wall - depth)) / pull);
    const arrived = time > fall ? (height - levelAt(time - fall)) * tank : 0;
    depth = basin.depth + arrived / floor;
    const start = frame * count * 3;
    setBox(trajectory, start, (level + below) / 2, standHeight + 2 * wall);
    setBox(trajectory, start + 3, depth / 2, 2 * wall);
    for (let i = 0; i < parcels; i++) {
      const age = (fall * (i + 0.5)) / parcels;
      if (age > time) continue;
      const at = start + (2 + i) * 3;
      const speed = Math.sqrt(2 * pull * levelAt(time - age));
      positions[at] = direction * (mouth + speed * age);
      positions[at + 1] = axis - (pull * age * age) / 2;
      sizes[at] = spout * Math.sqrt(speed / Math.sqrt(speed * speed + pull * pull * age * age));
    }
    energy[frame] = level * tank;
  }
  return trajectory;
}

/** Seconds in which the tank would run empty: the root of the level falls evenly, by (a / A) sqrt(g / 2). */
function expectedTime(scene: Scene): number {
  return Math.sqrt((2 * (scene.parameters?.height ?? NaN)) / gravity) / narrowness(scene);
}

/** From the area of the water in the tank: what its upper side adds stays nearly the same. */
function measuredTime({ parameters }: Scene, [track]: readonly Track[]): number {
  const { height, width } = parameters ?? {};
  const levels = track.area.map((area) => height + (area - track.area[0]) / (2 * width));
  const roots = levels.map((level) => Math.sqrt(Math.max(0, level)));
  return -Math.sqrt(height) / growthOf(roots);
}

/** The stream stays in the basin, some water is left, and what has run out is enough to be seen. */
function isGood({ parameters }: Scene, { positions, objects, energy }: Trajectory): boolean {
  const { direction } = parameters ?? {};
  for (let at = 0; at < positions.length; at += 3) {
    const index = (at / 3) % objects;
    if (index < 2) continue;
    const along = direction * positions[at];
    if (along > basin.to - 0.08 || !inView(positions.subarray(at, at + 3), 0)) return false;
    // Low over the floor it has to be past the basin's nearer wall.
    if (positions[at + 1] < 0.3 && along < basin.from + 0.06) return false;
  }
  const left = energy[clipFrames - 1] / energy[0];
  return left > 0.05 && left < 0.8;
}

export const pouring: Family = {
  name: 'pouring',
  title: 'Emptying tank',
  domain: 'fluid',
  number: 16,
  law: {
    sentence: 'The higher water stands, the faster it runs out: as if it had fallen from its surface.',
    quantity: 'time in which the tank would run empty, s',
    expected: expectedTime,
    measured: measuredTime,
  },
  draw,
  simulate,
  isGood,
};
