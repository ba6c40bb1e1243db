// Toppling: a tower of two to four boxes, glued into one, stands tilted on a lower edge and is let go. It
// falls over when its centre of mass lies beyond that edge and rocks back upright otherwise. Widths,
// heights and tilt show; so do the materials, and with them the masses: a metal box below holds up what one
// on top pulls over. Until another edge meets the floor the tower is a pendulum on its head (G. W. Housner,
// "The behavior of inverted pendulum structures during earthquakes", Bull. Seismol. Soc. Am. 53, 1963):
// phi'' = M g r sin(phi) / I. Does not foretell how it slides once it lies, or how long it rocks.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft, Track } from '../family.ts';
import { drivingFactor } from '../laws.ts';
import { materials } from '../materials.ts';
import { simulateRigidBodies } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import { gravity, type Joint, type SceneObject } from '../scene.ts';
import { materialNames, type Split } from '../splits.ts';
import { leanBy, listOf, materialObject } from '../things.ts';
import { staysInView } from '../visibility.ts';

const factors = {
  /** Boxes, less two. */
  boxes: choice(3),
  /** Material of the lowest box. */
  base: choice(materialNames.length),
  /** Half width of the tower, and its whole height. */
  width: { bins: [[0.1, 0.125], [0.125, 0.155], [0.155, 0.19]], beyond: [[0.2, 0.23]] },
  height: { bins: [[1, 1.18], [1.18, 1.36], [1.36, 1.55]], beyond: [[0.8, 0.94], [1.6, 1.72]] },
  /** Sine of the tilt. */
  tilt: { bins: [[0.12, 0.2], [0.2, 0.28], [0.28, 0.36]], beyond: [[0.38, 0.44]] },
} as const;

/**
 * A centre of mass nearer to the edge's vertical than this (sine of the angle) would wait too long to
 * decide.
 */
const leastImbalance = 0.08;

/** The tower about the edge that it stands on; angles grow in the direction of its tilt. */
export interface Column {
  /** Where the edge is, and to which side the tower tilts: 1 is right. */
  readonly edge: number;
  readonly side: 1 | -1;
  /** Sine of the angle of the tower to upright. */
  readonly tilt: number;
  /** Sine of the angle from the edge's vertical to the centre of mass: topples iff positive. */
  readonly imbalance: number;
  /** M g r / I, in 1 / s^2. */
  readonly stiffness: number;
}

export function columnOf(objects: readonly SceneObject[]): Column {
  const { position, size: [half, halfHeight], rotation: [, , z, w] } = objects[0];
  const side = z < 0 ? 1 : -1;
  const sine = 2 * Math.abs(z) * w;
  const cosine = 1 - 2 * z * z;
  // From the middle of the lowest box to its lower edge, half to the side and halfHeight down in its own
  // frame.
  const edge = position[0] + side * (half * cosine - halfHeight * sine);
  let mass = 0;
  let across = 0;
  let up = 0;
  let inertia = 0;
  for (const box of objects) {
    const [a, b, c] = box.size;
    const m = 8 * a * b * c * box.density;
    const x = side * (box.position[0] - edge);
    const y = box.position[1];
    mass += m;
    across += m * x;
    up += m * y;
    inertia += m * ((a * a + b * b) / 3 + x * x + y * y);
  }
  const length = Math.sqrt(across * across + up * up);
  const stiffness = (gravity * length) / inertia;
  return { edge, side, tilt: sine, imbalance: across / length, stiffness };
}

function draw(split: Split, random: Random): SceneDraft | null {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const base = materialNames[values.base];
  const others = random.shuffle(materialNames.filter((name) => name !== base));
  const chosen = [base, ...others.slice(0, values.boxes + 1)];
  const side = random.pick([1, -1] as const);
  const half = values.width;
  const depth = random.uniform(0.12, 0.18);
  const z = random.uniform(-0.2, 0.2);
  const sine = values.tilt;
  const cosine = Math.sqrt(1 - sine * sine);
  // What falls over needs room for its length, what rocks back does not know.
  const edge = side * (random.uniform(-0.1, 0.1) - values.height / 2);
  const shares = chosen.map(() => random.uniform(0.85, 1.15));
  const whole = shares.reduce((sum, share) => sum + share, 0);
  const objects: SceneObject[] = [];
  const joints: Joint[] = [];
  let bottom = 0;
  chosen.forEach((material, k) => {
    const halfHeight = (values.height * shares[k]) / whole / 2;
    const up = bottom + halfHeight;
    objects.push(materialObject(random, material, {
      label: k + 1, moves: true, shape: 'box', size: [half, halfHeight, depth],
      position: [edge + side * (up * sine - half * cosine), up * cosine + half * sine, z],
      rotation: leanBy(-side * sine, cosine), damping: 0,
    }));
    if (k > 0) {
      joints.push({
        kind: 'fixed', object: k, anchor: [0, -halfHeight, 0], other: k - 1,
        otherAnchor: [0, objects[k - 1].size[1], 0],
      });
    }
    bottom += 2 * halfHeight;
  });
  if (Math.abs(columnOf(objects).imbalance) < leastImbalance) return null;
  const names = chosen.map((material) => materials[material].phrase);
  const prompt = `Rigid, a tower of ${listOf(names)} boxes, glued from bottom to top, leans to the `
    + `${side > 0 ? 'right' : 'left'} and is let go`;
  return { prompt, objects, joints, room, light, bins };
}

/** Turn of the tower in the direction of its tilt, by the way of its uppermost box about the edge. */
function turns({ edge, side }: Column, { x, y }: Track): Float64Array {
  return x.map((value, i) => Math.atan2(side * (value - edge), y[i]));
}

export const toppling: Family = {
  name: 'toppling',
  title: 'Toppling tower',
  domain: 'rigid',
  number: 7,
  law: {
    sentence: 'A tilted tower falls over when its centre of mass lies beyond the edge it stands on; '
      + 'otherwise it rocks back.',
    quantity: 'angular acceleration on release, rad/s² (towards the tilt)',
    expected: ({ objects }) => {
      const { imbalance, stiffness } = columnOf(objects);
      return stiffness * imbalance;
    },
    measured: ({ objects }, tracks) => {
      const column = columnOf(objects);
      const start = Math.asin(column.imbalance);
      const angles = turns(column, tracks[tracks.length - 1]);
      const shape = (angle: number) => Math.sin(start + angle - angles[0]) / column.imbalance;
      // Rocking back ends when the tower is upright.
      return drivingFactor(angles, shape, column.imbalance > 0 ? 0.7 : 0.95 * Math.asin(column.tilt));
    },
  },
  draw,
  simulate: simulateRigidBodies,
  isGood: (scene, trajectory) => staysInView(scene, trajectory, true),
};
