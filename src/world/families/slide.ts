// The slide family: a box at rest on a polished steel ramp slides down it to the floor and against a board.
// What decides it shows in frame 0: the ramp's angle, and the material, whose friction on steel is half its
// own (the mean of a contact's two). Rapier's Coulomb friction; a = g (sin - mu cos), e.g. Halliday,
// Resnick and Walker, "Fundamentals of Physics", ch. 6. Every box slides: none rests, none is pushed.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft } from '../family.ts';
import { accelerationOver, pointOn, rampObjects, stopBoard, tiltOf, widthOf, type Ramp } from '../ramps.ts';
import { simulateRigidBodies } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import { gravity, type Scene, type Vector } from '../scene.ts';
import { materialNames, type Split } from '../splits.ts';
import { materialObject, phraseOf } from '../things.ts';
import { staysInView } from '../visibility.ts';

const factors = {
  material: choice(materialNames.length),
  sine: { bins: [[0.54, 0.6], [0.6, 0.66], [0.66, 0.72]], beyond: [[0.75, 0.8]] },
  size: { bins: [[0.14, 0.165], [0.165, 0.19], [0.19, 0.215]], beyond: [[0.225, 0.25]] },
  run: { bins: [[0.75, 0.88], [0.88, 1.02], [1.02, 1.15]] },
} as const;

/** The polished ramp's own friction. */
const rampFriction = 0;

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const { sine, size, run } = values;
  const material = materialNames[values.material];
  const side = random.pick([-1, 1]);
  const z = random.uniform(-0.15, 0.15);
  // Longer than high, so that no friction tips it over.
  const half: Vector = [size, size * random.uniform(0.68, 0.82), size * random.uniform(0.7, 0.9)];
  const ramp: Ramp = { foot: [0, 0, z], length: run + 2 * half[0] + 0.06, sine, side };
  ramp.foot[0] = side * (widthOf(ramp) - 1.14);
  const box = materialObject(random, material, {
    label: 1, moves: true, planar: true, shape: 'box', size: half,
    position: pointOn(ramp, run + half[0], half[1]), rotation: tiltOf(ramp),
  });
  const tone = random.uniform(120, 150);
  const objects = [
    box, ...rampObjects(ramp, 'steel', [tone, tone * 1.02, tone * 1.06], rampFriction),
    stopBoard(side * 1.17, z, random.uniform(0.25, 0.35), [tone * 0.85, tone * 0.83, tone * 0.8]),
  ];
  const prompt = `Rigid, ${phraseOf(material, 'box')} slides down a steel ramp onto a ${room.floor} floor`;
  return { prompt, objects, room, light, bins, parameters: { sine, run } };
}

/** Acceleration down the ramp by its angle and the friction of the contact, m/s^2. */
export function slidingAcceleration({ objects, parameters }: Scene): number {
  const { sine } = parameters ?? {};
  const friction = (objects[0].friction + rampFriction) / 2;
  return gravity * (sine - friction * Math.sqrt(1 - sine * sine));
}

export const slide: Family = {
  name: 'slide',
  title: 'Sliding down a ramp',
  domain: 'rigid',
  number: 3,
  law: {
    sentence: 'Down a ramp of angle θ a box speeds up at g (sin θ - μ cos θ): steeper or smoother is faster.',
    quantity: 'acceleration down the ramp, m/s²',
    expected: slidingAcceleration,
    measured: (scene, [track]) => (track ? accelerationOver(scene.parameters?.run ?? NaN, track) : NaN),
  },
  draw,
  simulate: simulateRigidBodies,
  isGood: staysInView,
};
