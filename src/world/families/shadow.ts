// Shadow: a ball or a cylinder rolls down a broad board under a lamp, and its shadow runs on the board:
// away from the lamp, and faster than the body by H / (H - r), where H is the lamp's height over the board
// and r the body's radius (similar triangles; e.g. Hecht, "Optics", ch. 1). Lamp, board and body all show.
// Motion by Rapier, shadows by exact rays to the lamp as a point. What is measured is the body's own way,
// carried over to the shadow.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft } from '../family.ts';
import { accelerationOver, pointOn, rampObjects, stopBoard, widthOf, type Ramp } from '../ramps.ts';
import { rollerOn, rollers, rollingAcceleration } from '../rolling.ts';
import { simulateRigidBodies } from '../rigid-bodies.ts';
import { drawRoom } from '../room.ts';
import type { Scene, Vector } from '../scene.ts';
import { materialNames, type Split } from '../splits.ts';
import { furnishing, phraseOf } from '../things.ts';
import { staysInView } from '../visibility.ts';

const factors = {
  shape: choice(rollers.length),
  material: choice(materialNames.length),
  sine: { bins: [[0.1, 0.135], [0.135, 0.17], [0.17, 0.205]], beyond: [[0.075, 0.09], [0.22, 0.25]] },
  radius: { bins: [[0.15, 0.17], [0.17, 0.19], [0.19, 0.21]], beyond: [[0.12, 0.14], [0.22, 0.24]] },
  /** Of the lamp over the board. */
  lampHeight: { bins: [[0.62, 0.74], [0.74, 0.86], [0.86, 1]], beyond: [[1.05, 1.2]] },
  /** Of the lamp along the board, from its middle down. */
  lampPlace: { bins: [[-0.5, -0.2], [-0.2, 0.2], [0.2, 0.5]] },
} as const;

const boardLength = 2.3;
const boardHalfWidth = 0.55;
const boardFriction = 0.8;
const lampRadius = 0.07;

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const { bins, values } = drawFactors(random, split, factors);
  const { sine, radius, lampHeight, lampPlace } = values;
  const shape = rollers[values.shape];
  const material = materialNames[values.material];
  const side = random.pick([-1, 1]);
  const ramp: Ramp = { foot: [0, random.uniform(0.06, 0.12), -0.15], length: boardLength, sine, side };
  ramp.foot[0] = (side * widthOf(ramp)) / 2;
  const start = boardLength - 0.06 - radius;
  const roller = rollerOn(random, ramp, start, shape, material, radius);
  const lamp = pointOn(ramp, boardLength / 2 - lampPlace, lampHeight);
  // Behind the body's way, so that the shadow falls to the front.
  lamp[2] -= random.uniform(0.2, 0.35);
  const tone = random.uniform(224, 240);
  const cord = 2.6 - lamp[1];
  const objects = [
    roller, ...rampObjects(ramp, 'stone', [tone, tone * 0.97, tone * 0.9], boardFriction, boardHalfWidth),
    stopBoard(side * (widthOf(ramp) / 2 + 0.05), ramp.foot[2], 0.3, [tone * 0.6, tone * 0.59, tone * 0.57]),
    furnishing('ember', [255, 250, 226], {
      shape: 'sphere', size: [lampRadius, 0, 0], position: lamp, emission: 1, ghost: true,
    }),
    // As bright on every side, and without a shadow.
    furnishing('steel', [70, 70, 74], {
      shape: 'box', size: [0.024, cord / 2, 0.024], emission: 1, ghost: true,
      position: [lamp[0], lamp[1] + cord / 2, lamp[2]],
    }),
  ];
  const distance = Math.sqrt(lamp[0] * lamp[0] + (lamp[1] - 0.3) * (lamp[1] - 0.3) + lamp[2] * lamp[2]);
  const light: Vector = [lamp[0] / distance, (lamp[1] - 0.3) / distance, lamp[2] / distance];
  return {
    prompt: `Optics, ${phraseOf(material, shape)} rolls under a lamp and its shadow runs along a board`,
    objects, room, light, lamp, bins, parameters: { sine, lampHeight, run: start - 1.3 * radius },
  };
}

/** How much farther the shadow of the body's middle goes than the body. */
export function stretchOf({ objects, parameters = {} }: Scene): number {
  return parameters.lampHeight / (parameters.lampHeight - objects[0].size[0]);
}

export const shadow: Family = {
  name: 'shadow',
  title: 'Shadow under a lamp',
  domain: 'optics',
  number: 17,
  law: {
    sentence: 'The shadow runs away from the lamp and ahead of the body: the lower the lamp, the faster.',
    quantity: 'acceleration of the shadow along the board, m/s²',
    expected: (scene) =>
      rollingAcceleration(scene.objects[0], scene.parameters?.sine ?? NaN) * stretchOf(scene),
    measured: (scene, [track]) =>
      (track ? accelerationOver(scene.parameters?.run ?? NaN, track) * stretchOf(scene) : NaN),
  },
  draw,
  simulate: simulateRigidBodies,
  isGood: staysInView,
};
