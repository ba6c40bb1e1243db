// The melting family: a block of ice stands on a round hot plate and melts; its water runs down and lies
// around the plate as a puddle that grows. The plate's size and glow give its power; all of it goes into
// melting, so that the volume falls evenly, by P / (rho L) (the Stefan condition with a given flux; Alexiades
// and Solomon, "Mathematical modeling of melting and freezing processes", 1993, section 1.2). The ice keeps
// its proportions: all faces recede. The scale s of its sides obeys ds/dt = -melting / (3 V s^2), by Heun's
// method. Time runs fast: real ice would need minutes. Does not do: water that boils away, ice that floats,
// the difference of the densities of water and ice.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft, Track } from '../family.ts';
import { growthOf } from '../laws.ts';
import { linearColour } from '../materials.ts';
import { stillTrajectory } from '../recordings.ts';
import { defaultSubsteps, type SimulationOptions } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import {
  clipFrames, framesPerSecond, type Scene, type SceneObject, type Trajectory, type Vector,
} from '../scene.ts';
import type { Split } from '../splits.ts';
import { furnishing, turnAbout } from '../things.ts';
import { inView } from '../visibility.ts';

const shapes = ['box', 'cylinder', 'sphere'] as const;

const factors = {
  shape: choice(shapes.length),
  size: { bins: [[0.25, 0.285], [0.285, 0.32], [0.32, 0.36]], beyond: [[0.2, 0.235], [0.37, 0.4]] },
  plate: { bins: [[0.44, 0.51], [0.51, 0.58], [0.58, 0.66]], beyond: [[0.68, 0.74]] },
  glow: { bins: [[0.4, 0.6], [0.6, 0.8], [0.8, 1]] },
} as const;

/** m^3/s that a plate of radius 1 m melts at glow 1: its power over density and latent heat, in fast time. */
const meltingOfPlate = 0.24;
const halfPlate = 0.08;
/** Thickness of the puddle. */
const halfPuddle = 0.04;
/** The ice is not followed below this scale of its sides. */
const smallest = 0.02;

const embers = linearColour([255, 150, 36]);
const dark = linearColour([96, 20, 16]);

/** Volume in m^3. */
export function volumeOf({ shape, size: [a, b, c] }: Pick<SceneObject, 'shape' | 'size'>): number {
  if (shape === 'sphere') return (4 / 3) * Math.PI * a * a * a;
  return shape === 'cylinder' ? 2 * Math.PI * a * a * b : 8 * a * b * c;
}

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const { size, plate, glow } = values;
  const shape = shapes[values.shape];
  const stretch = random.uniform(0.9, 1.1);
  const half: Vector = shape === 'sphere'
    ? [size, 0, 0]
    : shape === 'box'
      ? [size * 0.88, size * 0.9 * stretch, (size * 0.8) / stretch]
      : [size, size * 0.95 * stretch, 0];
  const x = random.uniform(-0.2, 0.2);
  const z = random.uniform(-0.4, -0.3);
  const top = 2 * halfPlate;
  const ice = furnishing('ice', [198, 230, 250], {
    label: 1, moves: true, shape, size: half, position: [x, top + heightOf(shape, half), z], emission: 0.15,
    rotation: turnAbout(1, random.uniform(0.1, 0.35)),
  });
  const puddle = furnishing('water', [104, 170, 226], {
    moves: true, shape: 'cylinder', size: [plate * 0.98, halfPuddle, 0], position: [x, halfPuddle, z],
    opacity: 0.6,
  });
  const hotPlate: SceneObject = {
    ...furnishing('ember', [0, 0, 0], {
      shape: 'cylinder', size: [plate, halfPlate, 0], position: [x, halfPlate, z], emission: 1,
    }),
    colour: [0, 1, 2].map((c) => dark[c] + glow * (embers[c] - dark[c])) as Vector,
  };
  const noun = shape === 'sphere' ? 'ball' : shape === 'box' ? 'block' : 'cylinder';
  const shine = glow < 0.6 ? 'dull' : glow < 0.8 ? 'glowing' : 'bright';
  const width = plate < 0.51 ? 'small' : plate < 0.58 ? 'middling' : 'wide';
  return {
    prompt: `Thermal, a ${noun} of ice melts on a ${width}, ${shine} hot plate`,
    objects: [ice, puddle, hotPlate],
    room, light, bins, parameters: { melting: meltingOfPlate * glow * plate * plate },
  };
}

function heightOf(shape: SceneObject['shape'], size: Vector): number {
  return shape === 'sphere' ? size[0] : size[1];
}

/** `energy` is the volume of the ice in m^3, which is what is left of the heat that it needs. */
function simulate(scene: Scene, options: SimulationOptions = {}): Trajectory {
  const [ice, puddle] = scene.objects;
  const trajectory = stillTrajectory(scene);
  const { objects: count, positions, sizes, energy } = trajectory;
  const volume = volumeOf(ice);
  const pace = (scene.parameters?.melting ?? 0) / (3 * volume);
  const substeps = options.substeps ?? defaultSubsteps;
  const dt = 1 / (framesPerSecond * substeps);
  const top = ice.position[1] - heightOf(ice.shape, ice.size);
  const [plate] = puddle.size;
  let scale = 1;
  for (let frame = 0; frame < clipFrames; frame++) {
    if (frame > 0) for (let i = 0; i < substeps; i++) scale = shrunk(scale, pace * dt);
    const left = scale * scale * scale;
    const at = frame * count;
    positions[at * 3 + 1] = top + scale * heightOf(ice.shape, ice.size);
    for (let c = 0; c < 3; c++) sizes[at * 3 + c] = scale * ice.size[c];
    sizes[(at + 1) * 3] = Math.sqrt(plate * plate + ((1 - left) * volume) / (Math.PI * 2 * halfPuddle));
    energy[frame] = left * volume;
  }
  return trajectory;
}

/** One step of Heun's method for ds/dt = -1 / s^2, down to the smallest scale. */
function shrunk(scale: number, step: number): number {
  const slope = 1 / (scale * scale);
  const guess = scale - step * slope;
  if (guess <= smallest) return smallest;
  const next = scale - (step / 2) * (slope + 1 / (guess * guess));
  return next > smallest ? next : smallest;
}

/** Volume lost a second: areas in the picture go as the square of the scale, volumes as the cube. */
function measuredMelting(scene: Scene, [track]: readonly Track[]): number {
  const volume = volumeOf(scene.objects[0]);
  const volumes: number[] = [];
  for (let frame = 0; frame < track.area.length; frame++) {
    const part = track.area[frame] / track.area[0];
    // Areas of a few pixels say little.
    if (!(part > 0.15)) break;
    volumes.push(part * Math.sqrt(part) * volume);
  }
  return -growthOf(volumes);
}

/** The puddle stays in the picture, and neither too little nor too much melts. */
function isGood({ objects: [ice, puddle] }: Scene, trajectory: Trajectory): boolean {
  const { frames, objects, sizes = [], energy } = trajectory;
  const left = energy[frames - 1] / energy[0];
  const half = energy[12] / energy[0];
  const radius = sizes[((frames - 1) * objects + 1) * 3];
  const [x, y, z] = puddle.position;
  const sides = [[x - radius, y, z], [x + radius, y, z], [x, y, z + radius]];
  const seen = inView(ice.position, ice.size[0]) && sides.every((side) => inView(side, 0));
  return seen && left < 0.8 && half > 0.3;
}

export const melting: Family = {
  name: 'melting',
  title: 'Melting ice',
  domain: 'thermal',
  number: 15,
  law: {
    sentence: 'Ice melts evenly: every second the plate melts the same volume, whatever is left of it.',
    quantity: 'volume melted a second, m³/s',
    expected: ({ parameters }) => parameters?.melting ?? NaN,
    measured: measuredMelting,
  },
  draw,
  simulate,
  isGood,
};
