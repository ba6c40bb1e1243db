// Mirror: a body rolls down a ramp towards an upright mirror, or falls beside it, and its image behind the
// mirror comes to meet it or falls alike. The image of a point lies as far behind the mirror as the point
// before it (law of reflection; e.g. Hecht, "Optics", ch. 4), which the renderer gets by rays. Ramp,
// height, material and the mirror's turn show. Motion by Rapier; what is measured is the body's own
// acceleration. Scenes in which the image leaves the mirror are drawn again.

import type { Random } from '../../math/random.ts';
import { cameraPosition } from '../camera.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft } from '../family.ts';
import { fallOf } from '../laws.ts';
import { accelerationOver, rampObjects, stopBoard, type Ramp } from '../ramps.ts';
import { rollerOn, rollers, rollingAcceleration } from '../rolling.ts';
import { simulateRigidBodies } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import { gravity, type Scene, type SceneObject, type Trajectory, type Vector } from '../scene.ts';
import { materialNames, type Split } from '../splits.ts';
import { furnishing, materialObject, phraseOf, turnAbout, turned } from '../things.ts';
import { staysInView } from '../visibility.ts';

/** What the body does: a ball or a cylinder rolls, a ball or a box falls. */
const acts = ['sphere', 'cylinder', 'sphere', 'box'] as const;
const firstFall = 2;

const factors = {
  act: choice(acts.length),
  material: choice(materialNames.length),
  size: { bins: [[0.14, 0.155], [0.155, 0.17], [0.17, 0.185]], beyond: [[0.115, 0.13], [0.19, 0.205]] },
  /** Of 0 .. 1: the ramp's angle, or the height of the fall. */
  drive: { bins: [[0, 0.33], [0.33, 0.67], [0.67, 1]], beyond: [[-0.25, -0.08], [1.08, 1.25]] },
  /** Sine of the angle by which the mirror turns from the side to the camera. */
  turn: { bins: [[0.4, 0.435], [0.435, 0.47], [0.47, 0.505]] },
} as const;

/**
 * Half thickness, half height and half width of the mirror, and the room that its image leaves to its edge.
 */
const mirrorSize: Vector = [0.02, 0.78, 0.75];
const imageMargin = 0.6;
const rampFriction = 0.8;

/** Where the image of a point is behind the front of a mirror. */
export function imageOf({ position, rotation, size }: SceneObject, point: ArrayLike<number>): Vector {
  const [nx, , nz] = turned(rotation, [1, 0, 0]);
  // The front is the face that the camera sees: how far the point is before it, along the normal.
  const facing = nz > 0 ? 1 : -1;
  const before = (point[0] - position[0]) * nx + (point[2] - position[2]) * nz - facing * size[0];
  return [point[0] - 2 * before * nx, point[1], point[2] - 2 * before * nz];
}

/** Whether the camera sees the image of a point in the mirror, at least `margin` from its edges. */
function showsImage(mirror: SceneObject, point: ArrayLike<number>, margin: number): boolean {
  const image = imageOf(mirror, point);
  const [nx, , nz] = turned(mirror.rotation, [1, 0, 0]);
  const [x, y, z] = mirror.position;
  const [dx, dy, dz] = image.map((value, axis) => value - cameraPosition[axis]);
  const steps = ((x - cameraPosition[0]) * nx + (z - cameraPosition[2]) * nz) / (dx * nx + dz * nz);
  const across = (cameraPosition[0] + steps * dx - x) * -nz + (cameraPosition[2] + steps * dz - z) * nx;
  const up = cameraPosition[1] + steps * dy - y;
  return Math.abs(across) < mirror.size[2] - margin && Math.abs(up) < mirror.size[1] - margin;
}

function mirrorOf({ objects }: Scene): SceneObject | undefined {
  return objects.find(({ surface }) => surface === 'mirror');
}

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const { size, drive, turn } = values;
  const shape = acts[values.act];
  const falls = values.act >= firstFall;
  const material = materialNames[values.material];
  const side = random.pick([-1, 1]);
  const z = random.uniform(-0.5, -0.35);
  const cosine = Math.sqrt(1 - turn * turn);
  const rotation = turnAbout(1, (side * turn) / (1 + cosine));
  const away = random.uniform(0.64, 0.7);
  const middle: Vector = [side * away, mirrorSize[1] + 0.03, random.uniform(-0.05, 0.05)];
  const tone = random.uniform(84, 110);
  const set = [
    furnishing('glass', [236, 240, 240], {
      shape: 'box', size: mirrorSize, position: middle, rotation, surface: 'mirror',
    }),
    furnishing('stone', [tone, tone * 0.9, tone * 0.8], {
      shape: 'box', size: [0.02, mirrorSize[1] + 0.03, mirrorSize[2] + 0.03], rotation, ghost: true,
      position: [middle[0] + side * 0.025 * cosine, middle[1], middle[2] - 0.025 * turn],
    }),
  ];
  if (falls) {
    const half: Vector = shape === 'box'
      ? [size * random.uniform(0.8, 1), size * random.uniform(0.8, 1), size * random.uniform(0.8, 1)]
      : [size, 0, 0];
    const height = 0.55 + 0.5 * drive + half[shape === 'box' ? 1 : 0];
    const body = materialObject(random, material, {
      label: 1, moves: true, shape, size: half, position: [side * random.uniform(-0.6, -0.1), height, z],
      rotation: shape === 'box' ? turnAbout(1, random.uniform(-0.3, 0.3)) : [0, 0, 0, 1],
    });
    return {
      prompt: `Optics, ${phraseOf(material, shape)} falls beside a mirror that shows it falling`,
      objects: [body, ...set], room, light, bins, parameters: { falls: 1, sine: 0, run: 0 },
    };
  }
  const sine = 0.1 + 0.07 * drive;
  const ramp: Ramp = { foot: [side * random.uniform(0.1, 0.16), 0.06, z], length: 1.2, sine, side };
  const start = ramp.length - 0.04 - size;
  const body = rollerOn(random, ramp, start, shape === 'cylinder' ? rollers[1] : rollers[0], material, size);
  const stop = stopBoard(0, z, 0.26, [tone, tone, tone]);
  stop.size = [0.03, 0.13, 0.15];
  stop.position[0] = ramp.foot[0] + side * 0.03;
  return {
    prompt: `Optics, ${phraseOf(material, shape)} rolls towards a mirror and its image comes to meet it`,
    objects: [body, ...set, ...rampObjects(ramp, 'stone', [150, 146, 140], rampFriction, 0.18), stop],
    room, light, bins, parameters: { falls: 0, sine, run: start - 1.3 * size },
  };
}

function isGood(scene: Scene, trajectory: Trajectory): boolean {
  const { frames, objects, positions } = trajectory;
  const mirror = mirrorOf(scene);
  if (!mirror) return false;
  for (let frame = 0; frame < frames; frame++) {
    const at = frame * objects * 3;
    const margin = imageMargin * scene.objects[0].size[0];
    if (!showsImage(mirror, positions.subarray(at, at + 3), margin)) return false;
  }
  return staysInView(scene, trajectory);
}

export const mirror: Family = {
  name: 'mirror',
  title: 'Mirror',
  domain: 'optics',
  number: 18,
  law: {
    sentence: 'A mirror image is as far behind the mirror as the thing is before it: what comes nearer meets '
      + 'its image.',
    quantity: 'acceleration of the body, down its ramp or down, m/s²',
    expected: ({ objects, parameters = {} }) =>
      (parameters.falls ? gravity : rollingAcceleration(objects[0], parameters.sine)),
    measured: ({ parameters = {} }, [track]) =>
      (track ? (parameters.falls ? fallOf(track.y) : accelerationOver(parameters.run, track)) : NaN),
  },
  draw,
  simulate: simulateRigidBodies,
  isGood,
};
