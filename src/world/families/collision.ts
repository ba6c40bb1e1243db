// The collision family: a ball rolls down a small ramp and along the floor into one or two resting balls of
// the same size and other materials. Ramp, materials (and so masses and restitution) and places show and
// decide everything. Newton's law of restitution and the balance of momentum, e.g. W. J. Stronge, "Impact
// Mechanics", ch. 2; a struck ball slides first and rolls at 5/7 of its first speed, as D. G. Alciatore,
// "The Illustrated Principles of Pool and Billiards", has it. The balls are polished: between them there is
// no friction, with floor and ramp there is. One of the first two is of rubber or plastic: duller ones
// would meet again at once. Rapier runs it, in two steps for one.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft } from '../family.ts';
import { steadySpeed } from '../laws.ts';
import { pointOn, rampObjects, stopBoard, widthOf, type Ramp } from '../ramps.ts';
import { inShorterSteps } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import { framesPerSecond, gravity, type Scene, type SceneObject, type Vector } from '../scene.ts';
import { materialNames, type MaterialName, type Split } from '../splits.ts';
import { listOf, materialObject, phraseOf } from '../things.ts';
import { staysInView } from '../visibility.ts';

const elastic = ['rubber', 'plastic'] as const;
const boardAt = 1.17;
/** Of a polished ball, and of floor and ramp; a contact has the mean of its two. */
const ballFriction = 0;
const groundFriction = 0.6;

/** A ball this near to the next thing may have met it within the frame already, unnoticed; metres. */
const margin = 0.03;

const factors = {
  /** Material of one of the first two balls, whether that one rolls, and the other's material. */
  elastic: choice(elastic.length),
  rolls: choice(2),
  other: choice(materialNames.length - 1),
  /** Resting balls, less one. */
  resting: choice(2),
  sine: { bins: [[0.22, 0.27], [0.27, 0.32], [0.32, 0.37]], beyond: [[0.39, 0.44]] },
} as const;

function draw(split: Split, random: Random): SceneDraft | null {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const { sine } = values;
  const lively = elastic[values.elastic];
  const other = materialNames.filter((name) => name !== lively)[values.other];
  const [rolling, struck] = values.rolls === 1 ? [lively, other] : [other, lively];
  const third = random.pick(materialNames.filter((name) => name !== rolling && name !== struck));
  const side = random.pick([-1, 1]);
  const z = random.uniform(-0.15, 0.15);
  const radius = random.uniform(0.125, 0.15);
  const run = random.uniform(0.38, 0.46);
  const ramp: Ramp = { foot: [0, 0, z], length: run + radius + 0.05, sine, side };
  ramp.foot[0] = side * (widthOf(ramp) - 1.16);
  // Where ramp and floor both touch the ball, it is this far beyond the foot along the floor.
  const corner = (radius * sine) / (1 + Math.sqrt(1 - sine * sine));
  const place = side * ramp.foot[0] + corner + random.uniform(0.44, 0.5) + 2 * radius;
  const last = boardAt - 0.05 - radius - random.uniform(0.06, 0.12);
  const ballOf = (material: MaterialName, label: number, position: Vector) =>
    materialObject(random, material, {
      label, moves: true, planar: true, shape: 'sphere', size: [radius, 0, 0], position,
      friction: ballFriction, damping: 0,
    });
  const balls = [
    ballOf(rolling, 1, pointOn(ramp, run + corner, radius)), ballOf(struck, 2, [side * place, radius, z]),
    ...(values.resting === 1 ? [ballOf(third, 3, [side * last, radius, z])] : []),
  ];
  const tone = random.uniform(120, 150);
  const objects = [
    ...balls, ...rampObjects(ramp, 'stone', [tone * 1.03, tone, tone * 0.96], groundFriction),
    stopBoard(side * boardAt, z, random.uniform(0.25, 0.35), [tone * 0.85, tone * 0.83, tone * 0.8]),
  ];
  const names = balls.slice(1).map(({ material }) => phraseOf(material as MaterialName, 'sphere'));
  const prompt = `Rigid, ${phraseOf(rolling, 'sphere')} rolls down a ramp into ${listOf(names)}`;
  const parameters = { sine, run, side, foot: ramp.foot[0] };
  const { rolled, slip } = encounter({ objects, parameters });
  // Enough of the struck ball's way is free, at its last speed, to see that speed.
  const free = (values.resting === 1 ? last - 2 * radius : boardAt - 0.05 - radius) - place;
  const shown = ((free - slip - 0.02 - margin) / rolled) * framesPerSecond;
  return shown < 4 ? null : { prompt, objects, room, light, bins, parameters };
}

interface Encounter {
  /** Of the rolling ball along the floor, before it meets another. */
  before: number;
  /** Of the struck ball, once it rolls. */
  rolled: number;
  /** How far the struck ball slides before it rolls. */
  slip: number;
}

/** Speeds and distances of the first meeting, in closed form. */
export function encounter({ objects, parameters }: Pick<Scene, 'objects' | 'parameters'>): Encounter {
  const { sine, run } = parameters ?? {};
  const [first, second] = objects;
  // Down the ramp, then round the corner: what the spin has it keeps, of its speed the part along the floor.
  const down = Math.sqrt((10 / 7) * gravity * sine * run);
  const before = (down * (5 * Math.sqrt(1 - sine * sine) + 2)) / 7;
  const restitution = Math.max(first.restitution, second.restitution);
  const struck = (before * (1 + restitution) * massOf(first)) / (massOf(first) + massOf(second));
  const friction = (ballFriction + groundFriction) / 2;
  return { before, rolled: (5 / 7) * struck, slip: ((12 / 49) * struck * struck) / (friction * gravity) };
}

/** Up to a factor: all are balls. */
function massOf({ density, size }: SceneObject): number {
  return density * size[0] * size[0] * size[0];
}

/** Speed of the struck ball once it rolls over that of the rolling ball before. */
function speedRatio(scene: Scene, one: Float64Array, two: Float64Array): number {
  const { side, foot } = scene.parameters ?? {};
  const { objects } = scene;
  const radius = objects[1].size[0];
  const start = side * objects[1].position[0];
  const end = objects[2].label === 3 ? side * objects[2].position[0] - 2 * radius : boardAt - 0.05 - radius;
  const forward = (x: Float64Array) => x.map((at) => side * at);
  const after = steadySpeed(forward(two), start + encounter(scene).slip + 0.02, end - margin);
  return after / steadySpeed(forward(one), side * foot + radius / 4, start - 2 * radius - margin);
}

export const collision: Family = {
  name: 'collision',
  title: 'Collision',
  domain: 'rigid',
  number: 6,
  law: {
    sentence: 'What one ball loses of momentum the other gains: the lighter it is, the faster it rolls away.',
    quantity: 'speed of the struck ball, once it rolls, over that of the ball that struck it',
    expected: (scene) => encounter(scene).rolled / encounter(scene).before,
    measured: (scene, [one, two]) => (one && two ? speedRatio(scene, one.x, two.x) : NaN),
  },
  draw,
  simulate: inShorterSteps(2),
  isGood: staysInView,
};
