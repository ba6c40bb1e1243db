// The roll-off family: a ball or a cylinder at rest on a raised ramp rolls down it, off its edge and onto
// the floor. The ramp's angle and height show, and so does the shape, which decides the acceleration
// (rolling.ts). Rapier's Coulomb friction; no rolling resistance and no drag of the air: on the floor it
// rolls on until it meets the board. Rapier's contact of a cylinder with a plane costs it 0.6 % of its
// acceleration on average and 2.3 % at most, however short the steps.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft } from '../family.ts';
import { accelerationOver, rampObjects, stopBoard, widthOf, type Ramp } from '../ramps.ts';
import { rollerOn, rollers, rollingAcceleration } from '../rolling.ts';
import { simulateRigidBodies } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import { materialNames, type Split } from '../splits.ts';
import { phraseOf } from '../things.ts';
import { staysInView } from '../visibility.ts';

const factors = {
  shape: choice(rollers.length),
  material: choice(materialNames.length),
  sine: { bins: [[0.24, 0.31], [0.31, 0.38], [0.38, 0.45]], beyond: [[0.48, 0.54]] },
  /** Of the ramp's edge above the floor. */
  height: { bins: [[0.35, 0.5], [0.5, 0.65], [0.65, 0.8]], beyond: [[0.85, 1]] },
  radius: { bins: [[0.13, 0.15], [0.15, 0.17], [0.17, 0.19]], beyond: [[0.2, 0.22]] },
} as const;

const rampFriction = 0.8;

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const { sine, height, radius } = values;
  const shape = rollers[values.shape];
  const material = materialNames[values.material];
  const side = random.pick([-1, 1]);
  const z = random.uniform(-0.15, 0.15);
  const run = random.uniform(0.62, 0.78);
  const ramp: Ramp = { foot: [0, height, z], length: run + radius + 0.03, sine, side };
  ramp.foot[0] = side * (widthOf(ramp) - 1.14);
  const roller = rollerOn(random, ramp, run, shape, material, radius);
  const tone = random.uniform(120, 150);
  const objects = [
    roller, ...rampObjects(ramp, 'stone', [tone * 1.03, tone, tone * 0.96], rampFriction),
    stopBoard(side * 1.17, z, random.uniform(0.5, 0.65), [tone * 0.85, tone * 0.83, tone * 0.8]),
  ];
  const what = phraseOf(material, shape);
  const prompt = `Rigid, ${what} rolls down a ramp and off its edge onto a ${room.floor} floor`;
  return { prompt, objects, room, light, bins, parameters: { sine, run } };
}

export const rollOff: Family = {
  name: 'roll-off',
  title: 'Rolling off an edge',
  domain: 'rigid',
  number: 4,
  law: {
    sentence: 'Rolling down a ramp, a ball speeds up at 5/7 g sin θ, a cylinder at 2/3, at any weight.',
    quantity: 'acceleration down the ramp, m/s²',
    expected: ({ objects, parameters = {} }) => rollingAcceleration(objects[0], parameters.sine),
    measured: (scene, [track]) => (track ? accelerationOver(scene.parameters?.run ?? NaN, track) : NaN),
  },
  draw,
  simulate: simulateRigidBodies,
  isGood: staysInView,
};
