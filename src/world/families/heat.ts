// The heat family: a row of blocks of one material touches a glowing ember, at one end or in the middle, and
// heat spreads along it. The material decides how fast, the ember's glow how hot they become; how thick they
// are decides nothing. The heat equation by explicit finite differences, forward in time and centred in
// space, four cells a block (FTCS; Richtmyer and Morton, "Difference methods for initial-value problems",
// 1967, chapter 1: stable while alpha dt / dx^2 <= 1/2). The ember keeps its temperature; far ends and sides
// are insulated. Time runs fast: real blocks would need minutes. Colours are linear in the temperature, so
// that mean colours show mean temperatures. Does not do: heat lost to the air, light that what glows throws
// on others.

import type { Random } from '../../math/random.ts';
import { focalLength, project } from '../camera.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft, Track } from '../family.ts';
import { growthOf } from '../laws.ts';
import { linearColour, materials } from '../materials.ts';
import { stillTrajectory } from '../recordings.ts';
import { defaultSubsteps, type SimulationOptions } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import {
  clipFrames, framesPerSecond, type MaterialName, type Scene, type SceneObject, type Trajectory, type Vector,
} from '../scene.ts';
import type { Split } from '../splits.ts';
import { furnishing, jitter, materialObject } from '../things.ts';
import { staysInView } from '../visibility.ts';

/** What conducts, and its diffusivity in m^2/s of the clip's time; the order of the real ones. */
const conductors: readonly (readonly [MaterialName, number])[] = [
  ['metal', 0.2], ['clay', 0.09], ['plastic', 0.045], ['wood', 0.02],
];
const places = ['left', 'right', 'middle'] as const;

const factors = {
  material: choice(conductors.length),
  place: choice(places.length),
  thickness: { bins: [[0.12, 0.15], [0.15, 0.18], [0.18, 0.215]], beyond: [[0.08, 0.105], [0.23, 0.27]] },
  heat: { bins: [[0.55, 0.7], [0.7, 0.85], [0.85, 1]], beyond: [[0.4, 0.5]] },
} as const;

const blockCount = 12;
const halfBlock = 0.08;
const halfEmber = 0.14;
const rowHeight = 0.9;
const cellsPerBlock = 4;
/**
 * Cold blocks are darker than their material, so that heat shows; they give off most of their light
 * themselves.
 */
const dimming = 0.6;
const emission = 0.85;
/** Steps of the heat equation in a substep. */
const refinement = 16;

/** What temperature 1 looks like, and an ember that has gone out. */
const glow = linearColour([255, 176, 40]);
const ash = linearColour([92, 22, 14]);

function mixed(cold: ArrayLike<number>, temperature: number, c: number): number {
  return cold[c] + temperature * (glow[c] - cold[c]);
}

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const [material, diffusivity] = conductors[values.material];
  const place = places[values.place];
  const { thickness, heat } = values;
  const perSide = place === 'middle' ? blockCount / 2 : blockCount;
  const sides = place === 'left' ? [1] : place === 'right' ? [-1] : [1, -1];
  const emberX = place === 'middle' ? 0 : -sides[0] * blockCount * halfBlock;
  const z = random.uniform(-0.15, 0.15);

  const blocks: SceneObject[] = [];
  const { colour } = materials[material];
  const shades: Vector = [colour[0] * dimming, colour[1] * dimming, colour[2] * dimming];
  const look = materialObject(random, material, {
    label: 1, moves: true, shape: 'box', size: [halfBlock, thickness, thickness], position: [0, rowHeight, z],
    colour: jitter(random, shades, 0.08), emission,
  });
  for (const side of sides) {
    for (let i = 0; i < perSide; i++) {
      const x = emberX + side * (halfEmber + (2 * i + 1) * halfBlock);
      const label = 1 + Math.floor((3 * i) / perSide);
      blocks.push({ ...look, label, position: [x, rowHeight, z] });
    }
  }
  const emberColour: Vector = [mixed(ash, heat, 0), mixed(ash, heat, 1), mixed(ash, heat, 2)];
  const emberHeight = thickness + 0.07;
  const ember: SceneObject = {
    ...furnishing('ember', [0, 0, 0], {
      shape: 'box', size: [halfEmber, emberHeight, emberHeight], position: [emberX, rowHeight, z],
      emission: 1,
    }),
    colour: emberColour,
  };
  const stand = (x: number, top: number) => furnishing('stone', [120, 120, 124], {
    shape: 'box', size: [0.1, top / 2, 0.12], position: [x, top / 2, z],
  });
  const stands = sides.map((side) => {
    const x = emberX + side * (halfEmber + (2 * perSide - 1) * halfBlock);
    return stand(x, rowHeight - thickness);
  });
  const pedestal = stand(emberX, rowHeight - emberHeight);
  const where = place === 'middle' ? 'in the middle' : `at the ${place}`;
  const { phrase } = materials[material];
  return {
    prompt: `Thermal, heat spreads along a row of ${phrase} blocks from an ember ${where}`,
    objects: [...blocks, ember, pedestal, ...stands],
    room, light, bins, parameters: { diffusivity, heat, perSide },
  };
}

/** `energy` is the heat of one side of the row: temperature times metres. */
function simulate(scene: Scene, options: SimulationOptions = {}): Trajectory {
  const { diffusivity, heat, perSide } = scene.parameters ?? {};
  const trajectory = stillTrajectory(scene);
  const { objects: count, colours, energy } = trajectory;
  const cold = colours.slice(0, count * 3);
  const steps = (options.substeps ?? defaultSubsteps) * refinement;
  const dx = (2 * halfBlock) / cellsPerBlock;
  const ratio = diffusivity / (framesPerSecond * steps * dx * dx);
  const cells = new Float64Array(perSide * cellsPerBlock);
  const flows = new Float64Array(cells.length + 1);
  for (let frame = 0; frame < clipFrames; frame++) {
    if (frame > 0) for (let i = 0; i < steps; i++) step(cells, flows, ratio, heat);
    for (let k = 0; k < count; k++) {
      const first = (k % perSide) * cellsPerBlock;
      let temperature = 0;
      for (let i = first; i < first + cellsPerBlock; i++) temperature += cells[i] / cellsPerBlock;
      for (let c = 0; c < 3; c++) {
        colours[(frame * count + k) * 3 + c] = mixed(cold.subarray(k * 3, k * 3 + 3), temperature, c);
      }
    }
    for (const temperature of cells) energy[frame] += temperature * dx;
  }
  return trajectory;
}

/** One step of the heat equation: from the ember's face, half a cell away, to the insulated far end. */
function step(cells: Float64Array, flows: Float64Array, ratio: number, heat: number): void {
  flows[0] = 2 * ratio * (heat - cells[0]);
  for (let i = 1; i < cells.length; i++) flows[i] = ratio * (cells[i - 1] - cells[i]);
  for (let i = 0; i < cells.length; i++) cells[i] += flows[i] - flows[i + 1];
}

/**
 * Mean temperature of a labelled group at every frame, from how far its colour has gone towards the glow.
 * `height` is that of the group in pixels: those at its upper and lower edge are three quarters covered on
 * average.
 */
function temperaturesOf(track: Track, cold: Vector, height: number): Float64Array {
  const towards = cold.map((value, c) => (1 - 0.5 / height) * (glow[c] - value));
  const square = towards.reduce((sum, value) => sum + value * value, 0);
  return track.area.map((_, frame) => towards.reduce(
    (sum, value, c) => sum + value * (track.colour[frame * 3 + c] - track.colour[c]), 0) / square);
}

/**
 * Heat that has gone into a half-infinite row whose end is kept at temperature T is 2 T sqrt(alpha t / pi)
 * (Carslaw and Jaeger, "Conduction of heat in solids", 1959, section 2.5): its square grows evenly.
 */
function measuredDiffusivity(scene: Scene, tracks: readonly Track[]): number {
  const { heat, perSide } = scene.parameters ?? {};
  const groupLength = (perSide / 3) * 2 * halfBlock;
  const first = scene.objects[0];
  const pixel = project(first.position).depth / focalLength;
  const temperatures = tracks.map((track) => {
    const height = track.area[0] / (groupLength * pixel * (blockCount / perSide));
    return temperaturesOf(track, first.colour, height);
  });
  const squares = Array.from({ length: clipFrames }, (_, frame) => {
    const content = temperatures.reduce((sum, values) => sum + values[frame] * groupLength, 0);
    return (content * content) / (heat * heat);
  });
  return (Math.PI / 4) * growthOf(squares);
}

export const heat: Family = {
  name: 'heat',
  title: 'Heat along a row',
  domain: 'thermal',
  number: 14,
  law: {
    sentence: 'Heat slows down as it spreads: to get twice as far takes it four times as long.',
    quantity: 'diffusivity of the row, m²/s',
    expected: ({ parameters }) => parameters?.diffusivity ?? NaN,
    measured: measuredDiffusivity,
  },
  draw,
  simulate,
  isGood: (scene, trajectory) => staysInView(scene, trajectory, true),
};
