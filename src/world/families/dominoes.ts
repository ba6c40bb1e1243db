// Dominoes: four to six in a row, each of another material, the first tilted past its balance. It falls
// against the second, and the wave runs through the row: the faster the wider they stand, the less they rub
// and the heavier those behind are against those ahead. Sizes, gaps, the tilt and the materials all show.
// Nothing bounces, whatever the material: the upper edges are soft. The theory is that of domino-wave.ts.
// Rows in which the wave dies are drawn again, and those with a domino before one of five times its weight,
// as foam before metal: Rapier's contacts pass on too much there at the steps in use.

import type { Random } from '../../math/random.ts';
import { passingTimes, type DominoRow } from '../domino-wave.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft } from '../family.ts';
import { slopeOf } from '../../math/statistics.ts';
import { materials } from '../materials.ts';
import { simulateRigidBodies } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import { framesPerSecond, type Scene, type Trajectory } from '../scene.ts';
import { materialNames, type Split } from '../splits.ts';
import { leanBy, listOf, materialObject } from '../things.ts';
import { staysInView } from '../visibility.ts';

const factors = {
  /** Dominoes, less four. */
  dominoes: choice(3),
  /** Material of the first one. */
  first: choice(materialNames.length),
  /** Gap between neighbours by their height. */
  gap: { bins: [[0.28, 0.34], [0.34, 0.4], [0.4, 0.46]], beyond: [[0.23, 0.27], [0.48, 0.54]] },
  /** Height, as a share of what the picture has room for. */
  height: { bins: [[0.79, 0.86], [0.86, 0.93], [0.93, 1]], beyond: [[0.68, 0.75]] },
} as const;

/** Room in the picture for the row and the fall of the last one, and the tallest domino, metres. */
const rowLength = 2.35;
const tallest = 0.8;
/** Largest ratio of a domino's density to that of the one before it. */
const steepestRise = 5;
/** Angle at which the wave counts as having come to a domino. */
const mark = 0.25;

function draw(split: Split, random: Random): SceneDraft | null {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const first = materialNames[values.first];
  const others = random.shuffle(materialNames.filter((name) => name !== first));
  const chosen = [first, ...others.slice(0, values.dominoes + 3)];
  const densities = chosen.map((material) => materials[material].density);
  if (densities.some((density, k) => k > 0 && density > steepestRise * densities[k - 1])) return null;
  const slenderness = random.uniform(0.14, 0.17);
  const pitchShare = values.gap + slenderness;
  const fitting = rowLength / ((chosen.length - 1) * pitchShare + 1.1);
  const height = values.height * (fitting < tallest ? fitting : tallest);
  const thickness = slenderness * height;
  const gap = values.gap * height;
  const depth = random.uniform(0.14, 0.18);
  const z = random.uniform(-0.15, 0.1);
  const side = random.pick([1, -1] as const);
  // Between balance, where the sine is about the slenderness, and the touch of the second one.
  const sine = slenderness + random.uniform(0.35, 0.6) * (values.gap - slenderness);
  const whole = (chosen.length - 1) * (gap + thickness) + 1.1 * height;
  const start = -whole / 2 + 0.1 * height + thickness;
  const objects = chosen.map((material, k) => {
    const [s, c] = k === 0 ? [sine, Math.sqrt(1 - sine * sine)] : [0, 1];
    const edge = start + k * (gap + thickness);
    return materialObject(random, material, {
      label: k + 1, moves: true, shape: 'box', size: [thickness / 2, height / 2, depth],
      position: [side * (edge + (height * s - thickness * c) / 2), (height * c + thickness * s) / 2, z],
      rotation: leanBy(-side * s, c), restitution: 0, damping: 0,
    });
  });
  const names = chosen.map((material) => materials[material].phrase);
  const way = side > 0 ? 'left to right' : 'right to left';
  const prompt = `Rigid, a row of ${listOf(names)} dominoes falls from ${way}`;
  return { prompt, objects, room, light, bins };
}

/** The row as its theory wants it, and to which side it falls. */
export function rowOf({ objects }: Scene): { row: DominoRow; side: number; pitch: number } {
  const [half, halfHeight, depth] = objects[0].size;
  const pitch = Math.abs(objects[2].position[0] - objects[1].position[0]);
  const [, , z, w] = objects[0].rotation;
  const row = {
    height: 2 * halfHeight, thickness: 2 * half, gap: pitch - 2 * half, tilt: 2 * Math.atan2(Math.abs(z), w),
    masses: objects.map(({ density }) => 8 * half * halfHeight * depth * density),
    frictions: objects.map(({ friction }) => friction),
  };
  return { row, side: z < 0 ? 1 : -1, pitch };
}

/**
 * When a way that grows first passes a length, in seconds, by a straight line between frames; NaN if it
 * never does.
 */
function passing(ways: Float64Array, length: number): number {
  const frame = ways.findIndex((way) => way >= length);
  if (frame < 1) return NaN;
  return (frame - (ways[frame] - length) / (ways[frame] - ways[frame - 1])) / framesPerSecond;
}

function isGood(scene: Scene, trajectory: Trajectory): boolean {
  const { frames, objects, positions } = trajectory;
  const last = ((frames - 1) * objects + objects - 1) * 3;
  const [, halfHeight] = scene.objects[0].size;
  return positions[last + 1] < 0.5 * halfHeight && staysInView(scene, trajectory, true);
}

export const dominoes: Family = {
  name: 'dominoes',
  title: 'Dominoes',
  domain: 'rigid',
  number: 8,
  law: {
    sentence: 'A row of dominoes passes its fall on as a wave: the wider they stand and the heavier those '
      + 'behind, the faster it runs.',
    quantity: 'speed of the wave from the second domino to the last, m/s',
    expected: (scene) => {
      const { row, pitch } = rowOf(scene);
      const [, ...times] = passingTimes(row, mark);
      return slopeOf(times, times.map((_, k) => k * pitch));
    },
    measured: (scene, tracks) => {
      const { row, side, pitch } = rowOf(scene);
      // How far the centre of a domino has gone aside when it leans by the mark.
      const aside = (row.height * Math.sin(mark) + row.thickness * (1 - Math.cos(mark))) / 2;
      const [, ...times] = tracks.map(({ x }) => passing(x.map((value) => side * (value - x[0])), aside));
      return slopeOf(times, times.map((_, k) => k * pitch));
    },
  },
  draw,
  simulate: simulateRigidBodies,
  isGood,
};
