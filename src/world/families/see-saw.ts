// See-saw: a wooden plank on a pivot, level, with a box of another material on either side, let go. The
// side with the larger torque goes down until the plank's end meets the floor; sizes, places and materials,
// hence weights, show. Until then all turns as one about the pivot, T = I theta'' (e.g. Halliday, Resnick
// and Walker, "Fundamentals of Physics", ch. 10). The plank hangs in a hinge without friction; the stone
// below it is only to be seen. Rapier lets boxes that turn with a plank slip outwards by 1 or 2 cm,
// whatever the friction and the time step, which costs a few per cent of the acceleration. Does not
// foretell how the boxes bounce and slide afterwards.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft, Track } from '../family.ts';
import { drivingFactor } from '../laws.ts';
import { simulateRigidBodies } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import { gravity, type SceneObject } from '../scene.ts';
import { materialNames, type Split } from '../splits.ts';
import { furnishing, leanBy, materialObject, phraseOf } from '../things.ts';
import { staysInView } from '../visibility.ts';

/** Of the boxes: the plank is wooden. */
const loadMaterials = materialNames.filter((name) => name !== 'wood');

const sizeFactor = {
  bins: [[0.12, 0.14], [0.14, 0.16], [0.16, 0.18]], beyond: [[0.095, 0.11], [0.19, 0.21]],
} as const;
const factors = {
  left: choice(loadMaterials.length),
  /** How many materials further the right box's is, less one. */
  step: choice(loadMaterials.length - 1),
  /** Half sides. */
  leftSize: sizeFactor,
  rightSize: sizeFactor,
  /** From the pivot to the middle of the left box. */
  leftArm: { bins: [[0.4, 0.54], [0.54, 0.68], [0.68, 0.82]], beyond: [[0.28, 0.36]] },
} as const;

const halfLength = 1.1;
const halfThickness = 0.03;
/** Angular accelerations worth showing, rad/s^2. */
const slowest = 0.8;
const fastest = 6;
/** The outer edge of a box must not fall faster than the plank lets it, as a share of g. */
const freest = 0.85;

/** All that turns, about the pivot; angles grow clockwise. */
export interface Lever {
  readonly pivot: readonly [number, number];
  /** Sums of mass times place, level: to the right, and up. */
  readonly across: number;
  readonly up: number;
  readonly inertia: number;
  /** Sine of the angle at which the plank's end meets the floor. */
  readonly limit: number;
}

export function leverOf([left, right, plank]: readonly SceneObject[]): Lever {
  const [x, y] = plank.position;
  let across = 0;
  let up = 0;
  let inertia = 0;
  for (const { position, size: [a, b, c], density } of [left, right, plank]) {
    const mass = 8 * a * b * c * density;
    const dx = position[0] - x;
    const dy = position[1] - y;
    across += mass * dx;
    up += mass * dy;
    inertia += mass * ((a * a + b * b) / 3 + dx * dx + dy * dy);
  }
  const [length, thickness] = plank.size;
  return { pivot: [x, y], across, up, inertia, limit: (y - thickness) / length };
}

function draw(split: Split, random: Random): SceneDraft | null {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const chosen = [
    loadMaterials[values.left], loadMaterials[(values.left + 1 + values.step) % loadMaterials.length],
  ];
  const x = random.uniform(-0.06, 0.06);
  const z = random.uniform(-0.15, 0.15);
  const height = random.uniform(0.4, 0.5);
  const arms = [-values.leftArm, random.uniform(0.4, 0.82)];
  const loads = [values.leftSize, values.rightSize].map((size, k) => materialObject(random, chosen[k], {
    label: k + 1, moves: true, shape: 'box', size: [size, size * random.uniform(0.85, 1.1), size],
    position: [x + arms[k], 0, z], damping: 0, planar: true,
  }));
  for (const load of loads) load.position[1] = height + halfThickness + load.size[1];
  const plank = materialObject(random, 'wood', {
    label: 0, moves: true, shape: 'box', size: [halfLength, halfThickness, 0.2], position: [x, height, z],
    restitution: 0, damping: 0, planar: true,
  });
  const tone = random.uniform(96, 126);
  // A square on its corner, half of it below the floor.
  const half = (height - halfThickness) * Math.sqrt(0.5);
  const pivot = furnishing('stone', [tone, tone, tone * 1.03], {
    shape: 'box', size: [half, half, 0.16], position: [x, 0, z], ghost: true,
    rotation: leanBy(Math.sqrt(0.5), Math.sqrt(0.5)),
  });
  const objects = [...loads, plank, pivot];
  const { across, inertia } = leverOf(objects);
  const acceleration = (gravity * Math.abs(across)) / inertia;
  if (acceleration < slowest || acceleration > fastest) return null;
  const heavier = across > 0 ? 1 : 0;
  if (acceleration * (Math.abs(arms[heavier]) + loads[heavier].size[0]) > freest * gravity) return null;
  const [left, right] = chosen.map((material) => phraseOf(material, 'box'));
  const prompt = `Rigid, ${left} on the left and ${right} on the right tip a level plank on a pivot`;
  return {
    prompt, objects, room, light, bins,
    joints: [{ kind: 'hinge', object: 2, anchor: [0, 0, 0], otherAnchor: [x, height, z], axis: [0, 0, 1] }],
  };
}

/** How far a box has turned about the pivot, clockwise, by frame. */
function turns({ pivot }: Lever, { x, y }: Track): Float64Array {
  const angles = x.map((value, i) => Math.atan2(value - pivot[0], y[i] - pivot[1]));
  return angles.map((angle) => angle - angles[0]);
}

export const seeSaw: Family = {
  name: 'see-saw',
  title: 'See-saw',
  domain: 'rigid',
  number: 9,
  law: {
    sentence: 'The side with the larger torque, weight times arm, goes down, and the faster the less there '
      + 'is to turn.',
    quantity: 'angular acceleration on release, rad/s² (clockwise)',
    expected: ({ objects }) => {
      const { across, inertia } = leverOf(objects);
      return (gravity * across) / inertia;
    },
    measured: ({ objects }, tracks) => {
      const lever = leverOf(objects);
      const [left, right] = tracks.map((track) => turns(lever, track));
      const angles = left.map((angle, i) => (angle + right[i]) / 2);
      const shape = (angle: number) => Math.cos(angle) + (lever.up / lever.across) * Math.sin(angle);
      return drivingFactor(angles, shape, 0.9 * Math.asin(lever.limit));
    },
  },
  draw,
  simulate: simulateRigidBodies,
  isGood: staysInView,
};
