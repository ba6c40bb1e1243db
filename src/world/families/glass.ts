// Glass: a ball or a cylinder rolls down a ramp behind a thick block of glass that stands askew. Through
// the block it is seen shifted aside: rays cross two parallel faces, each by Snell's law, and go on as
// before but beside their old line, by d sin(a) (1 - cos(a) / sqrt(n^2 - sin^2(a))) for a block of
// thickness d met at an angle a (e.g. Hecht, "Optics", ch. 4). The glass changes what is seen and not what
// happens: the body starts and ends beside the block, and its acceleration is measured where it is wholly
// to be seen. Motion by Rapier, rays by optics.ts.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft, Track } from '../family.ts';
import { accelerationThroughGaps, distancesFromStart } from '../laws.ts';
import { rampObjects, stopBoard, widthOf, type Ramp } from '../ramps.ts';
import { rollerOn, rollers, rollingAcceleration } from '../rolling.ts';
import { simulateRigidBodies } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import type { Scene, SceneObject, Trajectory } from '../scene.ts';
import { materialNames, type Split } from '../splits.ts';
import { furnishing, phraseOf, turnAbout } from '../things.ts';
import { hides, staysInView } from '../visibility.ts';

const factors = {
  shape: choice(rollers.length),
  material: choice(materialNames.length),
  sine: { bins: [[0.16, 0.185], [0.185, 0.21], [0.21, 0.235]], beyond: [[0.25, 0.28]] },
  radius: { bins: [[0.15, 0.165], [0.165, 0.18], [0.18, 0.195]], beyond: [[0.12, 0.14], [0.205, 0.225]] },
  /** Half of it, and the sine of the block's turn out of the picture's plane. */
  thickness: { bins: [[0.13, 0.16], [0.16, 0.19], [0.19, 0.22]], beyond: [[0.09, 0.115], [0.23, 0.25]] },
  turn: { bins: [[0.4, 0.46], [0.46, 0.52], [0.52, 0.58]] },
} as const;

const rampLength = 2.35;
const rampFriction = 0.8;
/** Frames in which the body's middle must be behind the glass. */
const leastHidden = 3;
/** A body that shows less than this share of its first area is partly behind the glass. */
const wholeShare = 0.9;

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const { sine, radius, thickness, turn } = values;
  const shape = rollers[values.shape];
  const material = materialNames[values.material];
  const side = random.pick([-1, 1]);
  const ramp: Ramp = { foot: [0, random.uniform(0.06, 0.12), -0.3], length: rampLength, sine, side };
  ramp.foot[0] = (side * widthOf(ramp)) / 2;
  const start = rampLength - 0.04 - radius;
  const body = rollerOn(random, ramp, start, shape, material, radius);
  const height = random.uniform(0.44, 0.5);
  const askew = random.pick([-1, 1]) * turn;
  const block = furnishing('glass', [220, 235, 232], {
    shape: 'box', size: [random.uniform(0.27, 0.33), height, thickness],
    position: [random.uniform(-0.08, 0.08), height, 0.42], surface: 'glass',
    rotation: turnAbout(1, askew / (1 + Math.sqrt(1 - turn * turn))),
  });
  const tone = random.uniform(130, 156);
  return {
    prompt: `Optics, ${phraseOf(material, shape)} rolls down a ramp and behind a block of glass`,
    objects: [
      body, block, ...rampObjects(ramp, 'stone', [tone * 1.03, tone, tone * 0.95], rampFriction, 0.2),
      stopBoard(side * (widthOf(ramp) / 2 + 0.05), ramp.foot[2], 0.3, [tone * 0.8, tone * 0.79, tone * 0.76]),
    ],
    room, light, bins, parameters: { sine, run: start - 1.3 * radius - 0.08 },
  };
}

/**
 * Distances of a body down its ramp where the whole of it is seen, until it meets the board; NaN elsewhere.
 */
function wholeDistances(run: number, { x, y, area }: Track): Float64Array {
  const seen = distancesFromStart(x, y)
    .map((distance, i) => (area[i] >= wholeShare * area[0] ? distance : NaN));
  let farthest = 0;
  const end = seen.findIndex((distance) => {
    const turned = distance > run || distance < farthest - 0.02;
    if (distance > farthest) farthest = distance;
    return turned;
  });
  return end < 0 ? seen : seen.slice(0, end);
}

function isGood(scene: Scene, trajectory: Trajectory): boolean {
  const { frames, objects, positions } = trajectory;
  const isGlass = ({ surface }: SceneObject) => surface === 'glass';
  const block = scene.objects.find(isGlass);
  if (!block) return false;
  const behind = Array.from({ length: frames }, (_, frame) => {
    const at = frame * objects * 3;
    return hides(block, positions.subarray(at, at + 3));
  });
  if (behind[0] || behind[frames - 1] || behind.filter(Boolean).length < leastHidden) return false;
  return staysInView({ ...scene, objects: scene.objects.filter((object) => !isGlass(object)) }, trajectory);
}

export const glass: Family = {
  name: 'glass',
  title: 'Behind glass',
  domain: 'optics',
  number: 19,
  law: {
    sentence: 'Glass shifts what is seen through it, and only that: behind it the body rolls on as before.',
    quantity: 'acceleration down the ramp, m/s²',
    expected: ({ objects, parameters = {} }) => rollingAcceleration(objects[0], parameters.sine),
    measured: ({ parameters = {} }, [track]) =>
      (track ? accelerationThroughGaps(wholeDistances(parameters.run, track)) : NaN),
  },
  draw,
  simulate: simulateRigidBodies,
  isGood,
};
