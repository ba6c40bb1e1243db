// The dam-break family: water held at one side of a narrow tank is let go over still water, and runs to and
// fro as a bore. Its height, its length and how deep the still water is decide the motion. Shallow-water
// equations (shallow-water.ts); a column that is drawn is several cells wide. Does not do: friction, spray,
// waves that break, a dry floor: its front is thinner than a pixel.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft, Track } from '../family.ts';
import { slopeOf } from '../../math/statistics.ts';
import { stillTrajectory } from '../recordings.ts';
import { defaultSubsteps, type SimulationOptions } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import {
  clipFrames, framesPerSecond, gravity, type Scene, type SceneObject, type Trajectory,
} from '../scene.ts';
import { ShallowWater } from '../shallow-water.ts';
import type { Split } from '../splits.ts';
import { furnishing } from '../things.ts';
import { inView } from '../visibility.ts';

const sides = ['left', 'right'] as const;

const factors = {
  side: choice(sides.length),
  height: { bins: [[0.55, 0.66], [0.66, 0.78], [0.78, 0.9]], beyond: [[0.42, 0.5], [0.96, 1.1]] },
  length: { bins: [[0.5, 0.6], [0.6, 0.69], [0.69, 0.78]], beyond: [[0.8, 0.95]] },
  still: { bins: [[0.07, 0.1], [0.1, 0.13], [0.13, 0.16]], beyond: [[0.18, 0.22]] },
} as const;

const tankLength = 2.2;
const halfTank = 0.06;
const halfBase = 0.03;
const columnCount = 24;
const halfColumn = tankLength / columnCount / 2;
const waterDensity = 1000;
/** Steps a frame are this many for every cell that a column has, which keeps the Courant number below 1. */
const refinement = 7;

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const side = sides[values.side];
  const { height, still } = values;
  // The edge of the water lies between two columns.
  const wide = Math.floor(values.length / (2 * halfColumn) + 0.5);
  const z = random.uniform(-0.1, 0.1);

  const water = furnishing('water', [52, 124, 216], {
    label: 1, moves: true, shape: 'box', size: [halfColumn, 0, halfTank], position: [0, 0, z], emission: 0.2,
  });
  const columns = Array.from({ length: columnCount }, (_, i): SceneObject => {
    const fromWall = side === 'left' ? i : columnCount - 1 - i;
    const depth = fromWall < wide ? height : still;
    return {
      ...water, size: [halfColumn, depth / 2, halfTank],
      position: [(2 * i + 1) * halfColumn - tankLength / 2, 2 * halfBase + depth / 2, z],
    };
  });
  const tone = random.uniform(84, 120);
  const wallHeight = 0.65;
  const ends = [-1, 1].map((end) => furnishing('steel', [tone, tone, tone * 1.05], {
    shape: 'box', size: [0.03, wallHeight, halfTank + 0.02],
    position: [end * (tankLength / 2 + 0.03), wallHeight, z],
  }));
  const base = furnishing('steel', [tone, tone, tone * 1.05], {
    shape: 'box', size: [tankLength / 2, halfBase, halfTank + 0.02], position: [0, halfBase, z],
  });
  const depth = still < 0.1 ? 'shallow' : still < 0.13 ? 'still' : 'deep';
  return {
    prompt: `Fluid, a column of water at the ${side} of a tank collapses over ${depth} water`,
    objects: [...columns, ...ends, base],
    room, light, bins,
    parameters: { height, still, length: wide * 2 * halfColumn, direction: side === 'left' ? 1 : -1 },
  };
}

/** Depths are drawn as the means of a column's cells, as many as there are substeps. */
function simulate(scene: Scene, options: SimulationOptions = {}): Trajectory {
  const columns = scene.objects.filter((object) => object.moves);
  const cells = options.substeps ?? defaultSubsteps;
  const start = Float64Array.from({ length: columnCount * cells }, (_, i) =>
    2 * columns[Math.floor(i / cells)].size[1]);
  const water = new ShallowWater(start, (2 * halfColumn) / cells, options.gravity ?? gravity);
  const trajectory = stillTrajectory(scene);
  const steps = refinement * cells;
  for (let frame = 0; frame < clipFrames; frame++) {
    if (frame > 0) for (let i = 0; i < steps; i++) water.step(1 / (framesPerSecond * steps));
    for (let k = 0; k < columnCount; k++) {
      let depth = 0;
      for (let i = k * cells; i < (k + 1) * cells; i++) depth += water.depth[i] / cells;
      const at = (frame * columnCount + k) * 3;
      trajectory.sizes[at + 1] = depth / 2;
      trajectory.positions[at + 1] = 2 * halfBase + depth / 2;
    }
    trajectory.energy[frame] = water.energy() * waterDensity * 2 * halfTank;
  }
  return trajectory;
}

function volumeOf({ parameters }: Scene): number {
  const { height, still, length } = parameters ?? {};
  return height * length + still * (tankLength - length);
}

/**
 * Until the first wave is back from a wall, all that moves the water along is the pressure on the two walls.
 */
function expectedAcceleration(scene: Scene): number {
  const { height, still } = scene.parameters ?? {};
  return (gravity * (height * height - still * still)) / 2 / volumeOf(scene);
}

/**
 * From how the water's first moment grows until shortly after a wave has come to a wall: what the wave
 * changes, it changes slowly. The surface, seen from above, adds to the area but not to the change of the
 * moment.
 */
function measuredAcceleration(scene: Scene, [track]: readonly Track[]): number {
  const { height, length, direction } = scene.parameters ?? {};
  const until = Math.min(length, (tankLength - length) / 2) / Math.sqrt(gravity * height);
  const last = Math.max(3, Math.floor(until * framesPerSecond + 2.5));
  const volume = volumeOf(scene);
  const moments = Array.from({ length: last }, (_, i) => (direction * track.area[i] * track.x[i]) / volume);
  return 2 * slopeOf(moments.map((_, i) => (i / framesPerSecond) * (i / framesPerSecond)), moments);
}

/** Whether the water stays below the upper edge of the picture. */
function isGood(_: Scene, { frames, objects, positions, sizes }: Trajectory): boolean {
  for (let at = 0; at < frames * objects * 3; at += 3) {
    const top = positions[at + 1] + (sizes?.[at + 1] ?? 0);
    if (!inView([positions[at], top, positions[at + 2]], 0)) return false;
  }
  return true;
}

export const damBreak: Family = {
  name: 'dam-break',
  title: 'Dam break',
  domain: 'fluid',
  number: 12,
  law: {
    sentence: 'Water let go is driven by the pressure on the wall behind it, which grows as the height squared.',
    quantity: 'acceleration of the middle of the water, m/s²',
    expected: expectedAcceleration,
    measured: measuredAcceleration,
  },
  draw,
  simulate,
  isGood,
};
