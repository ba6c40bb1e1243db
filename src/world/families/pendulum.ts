// The pendulum family: a bob on a rod, hinged to a beam above, at rest at an angle and let go in frame 0.
// Its length and its angle show and decide the period; the bob's material does not. Rapier's hinge joint
// holds bob and rod as one rigid body; the rod weighs nothing. T = 2 pi sqrt(I / (m g L)) / agm(1,
// cos(angle / 2)), the complete elliptic integral by the arithmetic-geometric mean (e.g. C. G. Carvalhaes
// and P. Suppes, "Approximations for the period of the simple pendulum based on the arithmetic-geometric
// mean", Am. J. Phys. 76, 2008). No friction, no drag.

import type { Random } from '../../math/random.ts';
import { simulateDriven, type Pose } from '../driven.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft } from '../family.ts';
import { drawLight, drawRoom } from '../room.ts';
import {
  framesPerSecond, gravity, type Quaternion, type Scene, type SceneObject, type Trajectory, type Vector,
} from '../scene.ts';
import { materialNames, type Split } from '../splits.ts';
import { furnishing, leanBy, materialObject, phraseOf, turned } from '../things.ts';
import { staysInView } from '../visibility.ts';

const factors = {
  material: choice(materialNames.length),
  /** None near 0.9 m: its period is the clip's length, and the last frame would look like the first. */
  length: { bins: [[1.04, 1.15], [1.15, 1.26], [1.26, 1.37]], beyond: [[0.62, 0.74], [1.41, 1.5]] },
  /** Of the angle to the vertical at the start. */
  sine: { bins: [[0.25, 0.37], [0.37, 0.49], [0.49, 0.62]], beyond: [[0.66, 0.74]] },
  radius: { bins: [[0.12, 0.145], [0.145, 0.17], [0.17, 0.2]] },
} as const;

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const { length, sine, radius } = values;
  const material = materialNames[values.material];
  const side = random.pick([-1, 1]);
  const pivot: Vector = [
    random.uniform(-0.08, 0.08), random.uniform(1.98, 2.08), random.uniform(-0.15, 0.15),
  ];
  const cosine = Math.sqrt(1 - sine * sine);
  const rotation = leanBy(side * sine, cosine);
  const from = (distance: number): Vector =>
    [pivot[0] + side * sine * distance, pivot[1] - cosine * distance, pivot[2]];
  const bob = materialObject(random, material, {
    label: 1, moves: true, shape: 'sphere', size: [radius, 0, 0], position: from(length), rotation,
    damping: 0,
  });
  const tone = random.uniform(70, 95);
  const beam = furnishing('steel', [tone, tone, tone * 1.05], {
    shape: 'box', size: [0.07, 0.4, 0.07], position: [pivot[0], pivot[1] + 0.37, pivot[2]],
  });
  const rod = furnishing('steel', [tone, tone, tone * 1.05], {
    moves: true, ghost: true, shape: 'cylinder', size: [0.03, (length - radius * 0.9) / 2, 0],
    position: from((length - radius * 0.9) / 2), rotation,
  });
  const prompt = `Rigid, ${phraseOf(material, 'sphere')} on a rod swings as a pendulum`;
  return {
    prompt, objects: [bob, beam, rod], room, light, bins, parameters: { length, sine, pivot: pivot[0] },
    joints: [{ kind: 'hinge', object: 0, anchor: [0, length, 0], otherAnchor: pivot, axis: [0, 0, 1] }],
  };
}

/** Period of bob and weightless rod as one body, seconds. */
export function periodOf({ objects, parameters }: Scene): number {
  const { length, sine } = parameters ?? {};
  const radius = objects[0].size[0];
  let mean = 1;
  // cos(angle / 2) from the cosine of the angle.
  let other = Math.sqrt((1 + Math.sqrt(1 - sine * sine)) / 2);
  for (let i = 0; i < 8; i++) [mean, other] = [(mean + other) / 2, Math.sqrt(mean * other)];
  return (2 * Math.PI * Math.sqrt((length * length + 0.4 * radius * radius) / (gravity * length))) / mean;
}

/** Period from the bob's last passage under the pivot: passage k, from 0, is at (2 k + 1) / 4 of it. */
function measuredPeriod(pivot: number, x: Float64Array): number {
  let passages = 0;
  let last = NaN;
  for (let i = 1; i < x.length; i++) {
    const before = x[i - 1] - pivot;
    const after = x[i] - pivot;
    if (!(before * after < 0)) continue;
    passages++;
    last = (i - 1 + before / (before - after)) / framesPerSecond;
  }
  return (4 * last) / (2 * passages - 1);
}

/** The rod, from the pivot down the bob's own axis. */
function rodAt({ parameters }: Scene, rod: SceneObject, frame: number, bodies: Trajectory): Pose {
  const at = frame * bodies.objects;
  const [i, j, k, w] = bodies.rotations.subarray(at * 4, at * 4 + 4);
  const [x, y, z] = bodies.positions.subarray(at * 3, at * 3 + 3);
  const rotation: Quaternion = [i, j, k, w];
  const up = turned(rotation, [0, (parameters?.length ?? 0) - rod.size[1], 0]);
  return { position: [x + up[0], y + up[1], z + up[2]], rotation };
}

export const pendulum: Family = {
  name: 'pendulum',
  title: 'Pendulum',
  domain: 'rigid',
  number: 5,
  law: {
    sentence: 'A longer pendulum swings slower, as the root of its length; its weight changes nothing.',
    quantity: 'period, s',
    expected: periodOf,
    measured: (scene, [track]) => (track ? measuredPeriod(scene.parameters?.pivot ?? NaN, track.x) : NaN),
  },
  draw,
  simulate: (scene, options) =>
    simulateDriven(scene, options, (rod, frame, bodies) => rodAt(scene, rod, frame, bodies)),
  isGood: staysInView,
};
