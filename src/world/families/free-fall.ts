// The free-fall family: one to three rigid objects at rest above a floor, some above a static block, let go
// in frame 0. Everything that decides the outcome shows in frame 0: the material gives restitution and
// friction, tilts are visible, nothing spins at the start. A scene whose objects would leave the picture or
// hide is drawn again, with the next attempt number, until one is good: the same seed always ends at the same
// scene.

import type { Random } from '../../math/random.ts';
import type { Family, SceneDraft } from '../family.ts';
import { fallOf } from '../laws.ts';
import { linearColour, materials } from '../materials.ts';
import { simulateRigidBodies } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import {
  boundingRadius, gravity, type Quaternion, type Room, type SceneObject, type Vector,
} from '../scene.ts';
import {
  allowedIn, materialNames, shapes, supports, type Combination, type MaterialName, type Split,
} from '../splits.ts';
import { jitter, listOf, multiply, phraseOf, reachDown, turnAbout } from '../things.ts';
import { inView, staysInView } from '../visibility.ts';

/** Radius-like sizes in metres, and heights of the lowest point above its support, by bin. */
export const sizeBins: readonly [number, number][] = [[0.175, 0.21], [0.21, 0.25], [0.25, 0.295]];
export const heightBins: readonly [number, number][] = [[0.35, 0.7], [0.7, 1.1], [1.1, 1.55]];
/** Sizes and heights beyond those of training. */
const sizesBeyond: readonly [number, number][] = [[0.14, 0.17], [0.3, 0.325]];
const heightsBeyond: readonly [number, number][] = [[0.2, 0.32], [1.56, 1.72]];

/** Where objects stand from left to right, by how many there are: ranges of x. */
const places: readonly (readonly [number, number])[][] = [
  [[-0.6, 0.6]],
  [[-0.82, -0.3], [0.3, 0.82]],
  [[-0.92, -0.68], [-0.14, 0.14], [0.68, 0.92]],
];

function drawCombination(random: Random, split: Split, material: MaterialName): Combination {
  for (;;) {
    const combination: Combination = {
      shape: random.pick(shapes),
      material,
      sizeBin: random.integer(0, 2),
      heightBin: random.integer(0, 2),
      support: random.uniform() < 0.65 ? supports[0] : supports[1],
    };
    if (split === 'out-of-range') {
      return { ...combination, [random.uniform() < 0.5 ? 'sizeBin' : 'heightBin']: -1 };
    }
    if (allowedIn(split, combination)) return combination;
  }
}

/** A value of a bin; bin -1 is one of the ranges beyond. */
function within(
  random: Random, bin: number, bins: readonly [number, number][], beyond: readonly [number, number][],
): number {
  return random.uniform(...(bin < 0 ? random.pick(beyond) : bins[bin]));
}

function drawSize(random: Random, shape: SceneObject['shape'], size: number): Vector {
  const stretch = random.uniform(0.88, 1.12);
  switch (shape) {
    case 'sphere':
      return [size, 0, 0];
    case 'box':
      return [size * 0.88 * stretch, (size * 0.8) / stretch, size * random.uniform(0.7, 0.9)];
    case 'cylinder':
      return [size * 0.8, size * 0.84 * stretch, 0];
    case 'capsule':
      return [size * 0.68, size * 0.6 * stretch, 0];
    case 'cone':
      return [size * 0.95, size * 0.95 * stretch, 0];
  }
}

function drawRotation(random: Random, shape: SceneObject['shape']): Quaternion {
  if (shape === 'sphere') return [0, 0, 0, 1];
  // Half-angle tangents .06 .. .3 are tilts of 7 to 33 degrees in the picture's plane; a quarter stand
  // straight, but no capsule on its end: where it would fall could not be seen.
  const lying = random.uniform() < 0.4 && (shape === 'capsule' || shape === 'cylinder');
  const balanced = shape === 'capsule' && !lying;
  const side = random.uniform() < 0.5 ? -1 : 1;
  const size = random.uniform(balanced ? 0.1 : 0.06, 0.3);
  const straight = random.uniform() < 0.25 && !balanced;
  const tilt = straight ? 0 : side * size;
  const upright = turnAbout(2, tilt);
  if (lying) return multiply(upright, turnAbout(2, 1));
  return shape === 'box' ? multiply(upright, turnAbout(1, random.uniform(-0.35, 0.35))) : upright;
}

function sentence(objects: SceneObject[], room: Room): string {
  const names = objects.flatMap(({ moves, material, shape }) =>
    moves && material in materials ? [phraseOf(material as MaterialName, shape)] : []);
  const verb = names.length === 1 ? 'falls' : 'fall';
  const blocks = objects.length - names.length;
  const where = blocks === 0 ? '' : blocks === 1 ? ' and a block' : ' and blocks';
  return `Rigid, ${listOf(names)} ${verb} onto a ${room.floor} floor${where}`;
}

function draw(split: Split, random: Random): SceneDraft | null {
  const room = drawRoom(random);
  const light = drawLight(random);
  const roll = random.uniform();
  const count = roll < 0.4 ? 1 : roll < 0.8 ? 2 : 3;
  const chosen = random.shuffle(materialNames).slice(0, count);
  const droppedObjects: SceneObject[] = [];
  const blocks: SceneObject[] = [];
  for (let k = 0; k < count; k++) {
    const combination = drawCombination(random, split, chosen[k]);
    const material = materials[chosen[k]];
    const { shape } = combination;
    const size = drawSize(random, shape, within(random, combination.sizeBin, sizeBins, sizesBeyond));
    const rotation = drawRotation(random, shape);
    const x = random.uniform(...places[count - 1][k]);
    const z = random.uniform(-0.25, 0.25);
    let ground = 0;
    if (combination.support === 'block') {
      const half: Vector = [random.uniform(0.2, 0.34), random.uniform(0.08, 0.22), random.uniform(0.2, 0.3)];
      ground = 2 * half[1];
      const tone = random.uniform(104, 132);
      blocks.push({
        label: 0, moves: false, shape: 'box', material: 'stone', size: half,
        position: [x + random.uniform(-0.22, 0.22), half[1], z + random.uniform(-0.06, 0.06)],
        rotation: [0, 0, 0, 1], colour: linearColour([tone, tone, tone * random.uniform(0.94, 1.04)]),
        restitution: 0, friction: 0.6, density: 1,
      });
    }
    const clearance = within(random, combination.heightBin, heightBins, heightsBeyond);
    const y = ground + clearance + reachDown({ shape, size, rotation });
    droppedObjects.push({
      label: k + 1, moves: true, shape, material: chosen[k], size, position: [x, y, z], rotation,
      colour: jitter(random, material.colour, 0.08),
      restitution: material.restitution, friction: material.friction, density: material.density, combination,
    });
  }
  const objects = [...droppedObjects, ...blocks];
  return startIsGood(objects) ? { prompt: sentence(objects, room), objects, room, light } : null;
}

/** Whether the start is as its labels say: apart, in view, above the support it names and no other. */
function startIsGood(objects: readonly SceneObject[]): boolean {
  const dropped = objects.filter((object) => object.moves);
  const blocks = objects.filter((object) => !object.moves);
  for (const object of dropped) {
    const radius = boundingRadius(object);
    if (!inView(object.position, radius)) return false;
    for (const other of dropped) {
      if (other.label <= object.label) continue;
      const gap = Math.abs(object.position[0] - other.position[0]);
      if (gap < radius + boundingRadius(other) + 0.05) return false;
    }
    const under = blocks.filter((block) => {
      const gap = Math.abs(object.position[0] - block.position[0]) - block.size[0];
      return gap < radius;
    });
    if (under.length > (object.combination?.support === 'block' ? 1 : 0)) return false;
    // The middle of an object is over its block, so that it meets the block and not only its edge.
    const aside = under.length === 1 ? Math.abs(object.position[0] - under[0].position[0]) : 0;
    if (under.length === 1 && aside > under[0].size[0]) return false;
  }
  return blocks.every((block) => {
    const edge = block.size[0] + (block.position[0] < 0 ? -block.position[0] : block.position[0]);
    return edge < 1.2;
  });
}

/** The object that falls farthest shows gravity best. */
function highest(objects: readonly SceneObject[]): SceneObject {
  const dropped = objects.filter((object) => object.moves);
  return dropped.reduce((best, object) => (object.position[1] > best.position[1] ? object : best));
}

export const freeFall: Family = {
  name: 'free-fall',
  title: 'Free fall',
  domain: 'rigid',
  number: 0,
  law: {
    sentence: 'Everything falls alike: height lost grows as g t² / 2, whatever the material or the size.',
    quantity: 'acceleration of the fall, m/s²',
    expected: () => gravity,
    measured: (scene, tracks) => {
      const track = tracks.find(({ label }) => label === highest(scene.objects).label);
      return track ? fallOf(track.y) : NaN;
    },
  },
  draw,
  simulate: simulateRigidBodies,
  isGood: staysInView,
};
