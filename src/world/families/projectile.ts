// The projectile family: a ball lies on the mouth of a tilted tube, a plunger drawn out behind it against a
// spring; frame 0 is the moment of release. The tilt and how far the plunger is out show, and decide the
// launch: speed grows with the compression, as a spring's does (v = c sqrt(k / m); every ball here gets the
// spring that suits its mass). The push is over within the first frame. Then the parabola of free flight,
// by Rapier, e.g. Halliday, Resnick and Walker, "Fundamentals of Physics", ch. 4. The tube touches nothing;
// no drag of the air.

import type { Random } from '../../math/random.ts';
import { simulateDriven } from '../driven.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft } from '../family.ts';
import { steadySpeed } from '../laws.ts';
import { stopBoard } from '../ramps.ts';
import { drawLight, drawRoom } from '../room.ts';
import { framesPerSecond, type Scene, type SceneObject, type Vector } from '../scene.ts';
import { materialNames, type Split } from '../splits.ts';
import { furnishing, leanBy, materialObject, phraseOf } from '../things.ts';
import { staysInView } from '../visibility.ts';

/** Metres a second for every metre of compression. */
const springRate = 14;
const tubeHalfLength = 0.15;
const knobHalfLength = 0.035;
const knobRadius = 0.085;
const boardAt = 1.17;

const factors = {
  material: choice(materialNames.length),
  /** Of the tube's angle to the floor. */
  sine: { bins: [[0.7, 0.77], [0.77, 0.84], [0.84, 0.9]], beyond: [[0.92, 0.955]] },
  compression: { bins: [[0.15, 0.185], [0.185, 0.22], [0.22, 0.255]], beyond: [[0.265, 0.295]] },
  radius: { bins: [[0.12, 0.135], [0.135, 0.15], [0.15, 0.165]], beyond: [[0.175, 0.19]] },
} as const;

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const { sine, compression, radius } = values;
  const material = materialNames[values.material];
  const side = random.pick([-1, 1]);
  const z = random.uniform(-0.15, 0.15);
  const cosine = Math.sqrt(1 - sine * sine);
  // The ball touches the tube's rim, of 4/5 of its radius: the mouth is 3/5 of it behind its middle.
  const mouth = 0.6 * radius;
  const rear = mouth + 2 * tubeHalfLength;
  const knob = rear + compression + knobHalfLength;
  const start: Vector = [
    side * (cosine * (knob + knobHalfLength) + sine * knobRadius - 1.18),
    sine * (knob + knobHalfLength) + cosine * knobRadius + random.uniform(0.06, 0.16), z,
  ];
  const behind = (distance: number): Vector =>
    [start[0] - side * cosine * distance, start[1] - sine * distance, z];
  // Cylinders lie along y: turned from the vertical into the tube's direction.
  const rotation = leanBy(-side * cosine, sine);
  const speed = springRate * compression;
  const ball = materialObject(random, material, {
    label: 1, moves: true, planar: true, shape: 'sphere', size: [radius, 0, 0], position: start,
    velocity: [side * cosine * speed, sine * speed, 0],
  });
  const tone = random.uniform(112, 136);
  const post = behind(mouth + tubeHalfLength);
  const tube = furnishing('steel', [tone, tone, tone * 1.06], {
    shape: 'cylinder', size: [0.8 * radius, tubeHalfLength, 0], position: post, rotation, ghost: true,
  });
  const stand = furnishing('stone', [tone * 1.2, tone * 1.18, tone * 1.14], {
    shape: 'box', size: [0.06, post[1] / 2, 0.06], position: [post[0], post[1] / 2, z], ghost: true,
  });
  const plunger = { moves: true, ghost: true, shape: 'cylinder', rotation } as const;
  const rod = furnishing('steel', [70, 62, 84], {
    ...plunger, size: [0.05, tubeHalfLength, 0], position: behind(rear + compression - tubeHalfLength),
  });
  const handle = furnishing('steel', [40, 34, 52], {
    ...plunger, size: [knobRadius, knobHalfLength, 0], position: behind(knob),
  });
  const board = stopBoard(side * boardAt, z, random.uniform(0.6, 0.75), [tone, tone * 0.98, tone * 0.95]);
  const prompt = `Rigid, a spring launcher throws ${phraseOf(material, 'sphere')} over a ${room.floor} floor`;
  return {
    prompt, objects: [ball, tube, stand, board, rod, handle], room, light, bins,
    parameters: { sine, compression, side },
  };
}

/** Speed along x that the launch gives, m/s, to the side of the throw. */
export function launchedAlong({ parameters }: Scene): number {
  const { sine, compression } = parameters ?? {};
  return springRate * compression * Math.sqrt(1 - sine * sine);
}

/** Speed along x over the frames before the ball meets the floor or comes within a frame of the board. */
function flightSpeed(scene: Scene, x: Float64Array, y: Float64Array): number {
  const { side } = scene.parameters ?? {};
  // In flight heights bend by -g / fps^2 = -6 cm; a bounce between two frames bends them up.
  const met = y.findIndex((height, i) => i > 1 && height - 2 * y[i - 1] + y[i - 2] > -0.01);
  const flight = (met < 0 ? x : x.slice(0, met)).map((at) => side * at);
  const limit = boardAt - 0.05 - scene.objects[0].size[0] - launchedAlong(scene) / framesPerSecond;
  return steadySpeed(flight, -Infinity, limit);
}

/** The rod and the knob, forward by the compression once the spring has pushed. */
function plungerAt({ parameters }: Scene, { position, rotation }: SceneObject, frame: number) {
  const { sine, compression, side } = parameters ?? {};
  const forward = frame === 0 ? 0 : compression;
  const moved: Vector = [
    position[0] + side * Math.sqrt(1 - sine * sine) * forward, position[1] + sine * forward, position[2],
  ];
  return { position: moved, rotation };
}

export const projectile: Family = {
  name: 'projectile',
  title: 'Spring launcher',
  domain: 'rigid',
  number: 2,
  law: {
    sentence: 'In flight only gravity pulls: along the floor the ball keeps the speed of its launch.',
    quantity: 'speed along the floor in flight, m/s',
    expected: launchedAlong,
    measured: (scene, [track]) => (track ? flightSpeed(scene, track.x, track.y) : NaN),
  },
  draw,
  simulate: (scene, options) =>
    simulateDriven(scene, options, (part, frame) => plungerAt(scene, part, frame)),
  isGood: staysInView,
};
