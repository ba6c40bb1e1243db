// The bouncing family: one elastic ball at rest above the floor or a slab, let go in frame 0, bounces
// straight up again and again. What decides how high shows in frame 0: the material, whose look gives its
// restitution, and the height. Newton's law of restitution, e.g. W. J. Stronge, "Impact Mechanics", ch. 2,
// as Rapier's solver has it; it loses some of it to the length of a step, so that this family takes four
// for one. No drag of the air.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft } from '../family.ts';
import { inShorterSteps } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import type { Scene } from '../scene.ts';
import type { Split } from '../splits.ts';
import { furnishing, materialObject, phraseOf } from '../things.ts';
import { staysInView } from '../visibility.ts';

/** Those that bounce high enough to be seen. */
const elastic = ['rubber', 'plastic', 'wood'] as const;

const factors = {
  material: choice(elastic.length),
  /** On the floor or on a slab. */
  slab: choice(2),
  /** Of the lowest point above what it falls on. */
  height: { bins: [[0.85, 1.02], [1.02, 1.2], [1.2, 1.38]], beyond: [[1.42, 1.55]] },
  radius: { bins: [[0.15, 0.18], [0.18, 0.21], [0.21, 0.24]], beyond: [[0.12, 0.14], [0.25, 0.28]] },
} as const;

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const { height, radius, slab } = values;
  const material = elastic[values.material];
  const x = random.uniform(-0.7, 0.7);
  const z = random.uniform(-0.2, 0.2);
  const thickness = slab * random.uniform(0.12, 0.24);
  const ball = materialObject(random, material, {
    label: 1, moves: true, planar: true, shape: 'sphere', size: [radius, 0, 0],
    position: [x, thickness + height + radius, z],
  });
  const tone = random.uniform(104, 132);
  const slabs = slab === 0 ? [] : [furnishing('stone', [tone, tone, tone * 0.98], {
    shape: 'box', size: [random.uniform(0.3, 0.42), thickness / 2, 0.3], position: [x, thickness / 2, z],
  })];
  const ground = slab === 0 ? `a ${room.floor} floor` : 'a stone slab';
  const prompt = `Rigid, ${phraseOf(material, 'sphere')} falls onto ${ground} and bounces`;
  return { prompt, objects: [ball, ...slabs], room, light, bins, parameters: { ground: thickness } };
}

/** Height of the first bounce over the height of the fall; NaN when there is no bounce. */
function bounceRatio(scene: Scene, heights: Float64Array): number {
  const contact = (scene.parameters?.ground ?? 0) + scene.objects[0].size[0];
  const h = heights.map((height) => height - contact);
  // A step up of more than a few millimetres: the ball is on its way up again.
  const rising = h.findIndex((value, i) => i > 0 && value > h[i - 1] + 0.005);
  if (rising < 0) return NaN;
  let top = rising;
  while (top + 1 < h.length && h[top + 1] > h[top]) top++;
  if (top + 1 >= h.length) return NaN;
  // The vertex of the parabola through three frames, when all three belong to the flight.
  const [before, at, after] = [h[top - 1], h[top], h[top + 1]];
  const bend = before - 2 * at + after;
  const inFlight = top > rising && bend < 0;
  const apex = inFlight ? at - ((after - before) * (after - before)) / (8 * bend) : at;
  return apex / h[0];
}

export const bouncing: Family = {
  name: 'bouncing',
  title: 'Bouncing ball',
  domain: 'rigid',
  number: 1,
  law: {
    sentence: 'Each time a ball comes back up to the same share of its height: its restitution squared.',
    quantity: 'height of the first bounce over that of the fall',
    expected: ({ objects }) => objects[0].restitution * objects[0].restitution,
    measured: (scene, [track]) => (track ? bounceRatio(scene, track.y) : NaN),
  },
  draw,
  simulate: inShorterSteps(4),
  isGood: staysInView,
};
