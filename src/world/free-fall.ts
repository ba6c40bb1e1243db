// The free-fall family: one to three rigid objects at rest above a floor, some above a static block, let go
// in frame 0. Everything that decides the outcome shows in frame 0: the material gives restitution and
// friction, tilts are visible, nothing spins at the start. A scene whose objects would leave the picture or
// hide is drawn again, with the next attempt number, until one is good: the same seed always ends at the same
// scene.

import { Random } from '../math/random.ts';
import { cameraPosition, project, tangent } from './camera.ts';
import { linearColour, materials } from './materials.ts';
import { hit, intersect } from './intersections.ts';
import {
  boundingRadius, frameSize, type Quaternion, type Room, type Scene, type SceneObject, type Trajectory,
  type Vector,
} from './scene.ts';
import {
  allowedIn, materialNames, sceneStream, shapes, supports, type Combination, type MaterialName, type Split,
} from './splits.ts';

/** Redraws after which a seed is given up as an error; in practice about three are needed. */
const attemptLimit = 2000;

/** Radius-like sizes in metres, and heights of the lowest point above its support, by bin. */
export const sizeBins: readonly [number, number][] = [[0.175, 0.21], [0.21, 0.25], [0.25, 0.295]];
export const heightBins: readonly [number, number][] = [[0.35, 0.7], [0.7, 1.1], [1.1, 1.55]];

/** Where objects stand from left to right, by how many there are: ranges of x. */
const places: readonly (readonly [number, number])[][] = [
  [[-0.6, 0.6]],
  [[-0.82, -0.3], [0.3, 0.82]],
  [[-0.92, -0.68], [-0.14, 0.14], [0.68, 0.92]],
];

const phrases: Record<SceneObject['shape'], string> = {
  sphere: 'ball', box: 'box', cylinder: 'cylinder', capsule: 'capsule', cone: 'cone',
};

function jitter(random: Random, colour: Vector, amount: number): Vector {
  const light = random.uniform(1 - amount, 1 + amount);
  const tone = (value: number) =>
    Math.min(255, value * light * random.uniform(1 - amount / 3, 1 + amount / 3));
  return linearColour([tone(colour[0]), tone(colour[1]), tone(colour[2])]);
}

function drawCombination(random: Random, split: Split, material: MaterialName): Combination {
  for (;;) {
    const combination: Combination = {
      shape: random.pick(shapes),
      material,
      sizeBin: random.integer(0, 2),
      heightBin: random.integer(0, 2),
      support: random.uniform() < 0.65 ? supports[0] : supports[1],
    };
    if (allowedIn(split, combination)) return combination;
  }
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

/** Hamilton product: first b, then a. */
function multiply(a: Quaternion, b: Quaternion): Quaternion {
  return [
    a[3] * b[0] + a[0] * b[3] + a[1] * b[2] - a[2] * b[1],
    a[3] * b[1] - a[0] * b[2] + a[1] * b[3] + a[2] * b[0],
    a[3] * b[2] + a[0] * b[1] - a[1] * b[0] + a[2] * b[3],
    a[3] * b[3] - a[0] * b[0] - a[1] * b[1] - a[2] * b[2],
  ];
}

/** Rotation by an angle about one axis, given the tangent of half the angle. */
function turnAbout(axis: 0 | 1 | 2, halfTangent: number): Quaternion {
  const scale = 1 / Math.sqrt(1 + halfTangent * halfTangent);
  const turn: Quaternion = [0, 0, 0, scale];
  turn[axis] = halfTangent * scale;
  return turn;
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

/** Distance from an object's origin down to its lowest point. */
function reachDown(object: Pick<SceneObject, 'shape' | 'size' | 'rotation'>): number {
  const [a, b, c] = object.size;
  const [x, y, z, w] = object.rotation;
  // The second row of the rotation matrix: the world's y of each of the object's axes.
  const rx = 2 * (x * y + w * z);
  const ry = 1 - 2 * (x * x + z * z);
  const rz = 2 * (y * z - w * x);
  const across = Math.sqrt(Math.max(0, 1 - ry * ry));
  const absolute = ry < 0 ? -ry : ry;
  switch (object.shape) {
    case 'sphere':
      return a;
    case 'box':
      return a * Math.abs(rx) + b * absolute + c * Math.abs(rz);
    case 'cylinder':
      return a * across + b * absolute;
    case 'capsule':
      return a + b * absolute;
    case 'cone':
      return Math.max(-b * ry, b * ry + a * across);
  }
}

function drawRoom(random: Random): Room {
  const floor = random.pick(['tiled', 'striped', 'planked', 'plain'] as const);
  const grey = random.uniform(140, 186);
  const second = grey * random.uniform(0.84, 0.92);
  const floorRed = random.uniform(-10, 16);
  const floorBlue = random.uniform(-18, 8);
  const top = random.uniform(186, 226);
  const bottom = top * random.uniform(0.76, 0.88);
  const wallRed = random.uniform(-20, 12);
  const wallBlue = random.uniform(-12, 20);
  const tint = (value: number, red: number, blue: number): Vector =>
    linearColour([value + red, value, value + blue]);
  return {
    floor,
    floorColours: [tint(grey, floorRed, floorBlue), tint(second, floorRed, floorBlue)],
    floorPeriod: random.uniform(0.32, 0.5),
    wallColours: [tint(bottom, wallRed, wallBlue), tint(top, wallRed, wallBlue)],
  };
}

function sentence(objects: SceneObject[], room: Room): string {
  const names = objects.filter((object) => object.dropped && object.material !== 'stone').map((object) => {
    const phrase = object.material === 'stone' ? 'stone' : materials[object.material].phrase;
    return `a ${phrase} ${phrases[object.shape]}`;
  });
  const last = names.length - 1;
  const list = last === 0 ? names[0] : `${names.slice(0, last).join(', ')} and ${names[last]}`;
  const verb = last === 0 ? 'falls' : 'fall';
  const blocks = objects.length - names.length;
  const where = blocks === 0 ? '' : blocks === 1 ? ' and a block' : ' and blocks';
  return `Rigid, ${list} ${verb} onto a ${room.floor} floor${where}`;
}

/** One draw, good or not. */
export function drawFreeFall(split: Split, seed: number, attempt: number): Scene {
  const random = new Random(seed, sceneStream(split, attempt));
  const room = drawRoom(random);
  const leaning: Vector = [random.uniform(-0.5, 0.5), 1, random.uniform(0.05, 0.5)];
  const length = Math.sqrt(leaning[0] * leaning[0] + 1 + leaning[2] * leaning[2]);
  const light: Vector = [leaning[0] / length, 1 / length, leaning[2] / length];
  const roll = random.uniform();
  const count = roll < 0.4 ? 1 : roll < 0.8 ? 2 : 3;
  const chosen = random.shuffle(materialNames).slice(0, count);
  const droppedObjects: SceneObject[] = [];
  const blocks: SceneObject[] = [];
  for (let k = 0; k < count; k++) {
    const combination = drawCombination(random, split, chosen[k]);
    const material = materials[chosen[k]];
    const { shape } = combination;
    const size = drawSize(random, shape, random.uniform(...sizeBins[combination.sizeBin]));
    const rotation = drawRotation(random, shape);
    const x = random.uniform(...places[count - 1][k]);
    const z = random.uniform(-0.25, 0.25);
    let ground = 0;
    if (combination.support === 'block') {
      const half: Vector = [random.uniform(0.2, 0.34), random.uniform(0.08, 0.22), random.uniform(0.2, 0.3)];
      ground = 2 * half[1];
      const tone = random.uniform(104, 132);
      blocks.push({
        id: 0, dropped: false, shape: 'box', material: 'stone', size: half,
        position: [x + random.uniform(-0.22, 0.22), half[1], z + random.uniform(-0.06, 0.06)],
        rotation: [0, 0, 0, 1], colour: linearColour([tone, tone, tone * random.uniform(0.94, 1.04)]),
        restitution: 0, friction: 0.6, density: 1,
      });
    }
    const clearance = random.uniform(...heightBins[combination.heightBin]);
    const y = ground + clearance + reachDown({ shape, size, rotation });
    droppedObjects.push({
      id: k + 1, dropped: true, shape, material: chosen[k], size, position: [x, y, z], rotation,
      colour: jitter(random, material.colour, 0.08),
      restitution: material.restitution, friction: material.friction, density: material.density, combination,
    });
  }
  blocks.forEach((block, index) => { block.id = count + 1 + index; });
  const objects = [...droppedObjects, ...blocks];
  return {
    family: 'free-fall', domain: 'rigid', split, seed, attempt,
    prompt: sentence(objects, room), objects, room, light,
  };
}

/** Whether the start is as its labels say: apart, in view, above the support it names and no other. */
export function startIsGood(scene: Scene): boolean {
  const dropped = scene.objects.filter((object) => object.dropped);
  const blocks = scene.objects.filter((object) => !object.dropped);
  for (const object of dropped) {
    const radius = boundingRadius(object);
    if (!inView(object.position, radius)) return false;
    for (const other of dropped) {
      if (other.id <= object.id) continue;
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

/** Whether a sphere about a point lies inside the picture with a margin of a pixel. */
function inView(position: ArrayLike<number>, radius: number): boolean {
  const { column, row, depth } = project(position);
  const reach = 1 + (radius * frameSize) / (2 * tangent * depth);
  return column > reach && column < frameSize - reach && row > reach && row < frameSize - reach;
}

/** Whether every dropped object stays in the picture and none hides another or goes behind a block. */
export function trajectoryIsGood(scene: Scene, trajectory: Trajectory): boolean {
  const dropped = scene.objects.filter((object) => object.dropped);
  const blocks = scene.objects.filter((object) => !object.dropped);
  const count = dropped.length;
  for (let frame = 0; frame < trajectory.frames; frame++) {
    for (let k = 0; k < count; k++) {
      const at = (frame * count + k) * 3;
      const position = trajectory.positions.subarray(at, at + 3);
      const radius = boundingRadius(dropped[k]);
      if (!inView(position, radius)) return false;
      const here = project(position);
      for (let other = k + 1; other < count; other++) {
        const from = (frame * count + other) * 3;
        const there = project(trajectory.positions.subarray(from, from + 3));
        const columns = here.column - there.column;
        const rows = here.row - there.row;
        const radii = radius + boundingRadius(dropped[other]);
        const reach = (0.6 * frameSize * radii) / (2 * tangent * here.depth);
        if (columns * columns + rows * rows < reach * reach) return false;
      }
      if (blocks.some((block) => hides(block, position))) return false;
    }
  }
  return true;
}

/** Whether a block stands between the camera and a point. */
function hides(block: SceneObject, point: ArrayLike<number>): boolean {
  const dx = point[0] - cameraPosition[0];
  const dy = point[1] - cameraPosition[1];
  const dz = point[2] - cameraPosition[2];
  const distance = Math.sqrt(dx * dx + dy * dy + dz * dz);
  const met = intersect(
    'box', block.size[0], block.size[1], block.size[2],
    cameraPosition[0] - block.position[0], cameraPosition[1] - block.position[1],
    cameraPosition[2] - block.position[2], dx / distance, dy / distance, dz / distance,
  );
  return met && hit[0] < distance;
}

/**
 * The scene of a seed, and its motion.
 * @param simulate runs a scene (rigid-bodies.ts)
 * @throws Error when no good scene is found, which no seed in use does
 */
export function freeFallScene(
  split: Split, seed: number, simulate: (scene: Scene) => Trajectory,
): { scene: Scene; trajectory: Trajectory } {
  for (let attempt = 0; attempt < attemptLimit; attempt++) {
    const scene = drawFreeFall(split, seed, attempt);
    if (!startIsGood(scene)) continue;
    const trajectory = simulate(scene);
    if (trajectoryIsGood(scene, trajectory)) return { scene, trajectory };
  }
  throw new Error(`No good free-fall scene for ${split} seed ${seed} in ${attemptLimit} attempts.`);
}
