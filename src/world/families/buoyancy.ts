// The buoyancy family: two things of different materials are let go under water, and a third may fall in from
// above. Their look says how dense they are, and so whether they rise, and how fast. Water is as
// dense as 100 on the scale of materials.ts, where wood is 65 and rubber 110. Each obeys
//   (m + c V) a = (V - m) g - drag, and less c V' v^2 on the way in (V: mass of water displaced, V' = dV/dy)
// with added mass c and quadratic drag as of spheres and cubes far from everything (Newman, "Marine
// hydrodynamics", 1977, chapters 2 and 4; cubes: Stelson and Mavis 1957). What comes in sets water in motion,
// which costs momentum (von Karman 1929); what comes out leaves that water behind. By the classical
// Runge-Kutta method. Does not do: waves, a level that rises, turning, things that meet.

import type { Random } from '../../math/random.ts';
import { choice, drawFactors } from '../factors.ts';
import type { Family, SceneDraft, Track } from '../family.ts';
import { slopeOf } from '../../math/statistics.ts';
import { materials } from '../materials.ts';
import { stillTrajectory } from '../recordings.ts';
import { defaultSubsteps, type SimulationOptions } from '../rigid-bodies.ts';
import { drawLight, drawRoom } from '../room.ts';
import {
  clipFrames, framesPerSecond, gravity, type MaterialName, type Scene, type SceneObject, type Trajectory,
  type Vector,
} from '../scene.ts';
import { materialNames, type Split } from '../splits.ts';
import { furnishing, listOf, materialObject, phraseOf } from '../things.ts';
import { staysInView } from '../visibility.ts';

/** On the scale of materials.ts, so that 1 means 10 kg / m^3. */
export const waterDensity = 100;

const shapes = ['sphere', 'box'] as const;

const factors = {
  material: choice(materialNames.length),
  shape: choice(shapes.length),
  size: { bins: [[0.13, 0.15], [0.15, 0.17], [0.17, 0.19]], beyond: [[0.105, 0.12], [0.2, 0.22]] },
  way: { bins: [[0.45, 0.55], [0.55, 0.65], [0.65, 0.75]], beyond: [[0.32, 0.4], [0.8, 0.9]] },
  others: choice(2),
} as const;

const level = 1.45;
const bottom = 0.06;
const halfTank: Vector = [1.1, (level - bottom) / 2, 0.3];

/** Added mass over the displaced one, and drag coefficient. */
const flows = { sphere: { added: 0.5, drag: 0.47 }, box: { added: 0.67, drag: 1.05 } } as const;

/** A thing in water, in closed form; forces and masses in multiples of those of the table's densities. */
export interface Floater {
  readonly shape: 'sphere' | 'box';
  /** Radius or half side. */
  readonly size: number;
  readonly density: number;
}

/** Of the lowest `depth` metres of a thing: its volume, and the integral of that over the depth. */
function submerged(
  { shape, size }: Floater, depth: number,
): { volume: number; integral: number; slope: number } {
  const d = depth < 0 ? 0 : depth > 2 * size ? 2 * size : depth;
  const beyond = depth > 2 * size ? depth - 2 * size : 0;
  const inside = d > 0 && beyond === 0;
  if (shape === 'box') {
    const area = 4 * size * size;
    const volume = area * d;
    return { volume, integral: (volume * d) / 2 + volume * beyond, slope: inside ? area : 0 };
  }
  const volume = Math.PI * d * d * (size - d / 3);
  return {
    volume,
    integral: Math.PI * d * d * d * (size / 3 - d / 12) + volume * beyond,
    slope: inside ? Math.PI * d * (2 * size - d) : 0,
  };
}

function wholeVolume(floater: Floater): number {
  return submerged(floater, 2 * floater.size).volume;
}

/** Acceleration in m/s^2 at a height of the centre above the water's surface, and a velocity. */
function accelerationAt(
  floater: Floater, height: number, velocity: number, pull: number, dragged: number,
): number {
  const { added, drag } = flows[floater.shape];
  const { size, density } = floater;
  const { volume, slope } = submerged(floater, size - height);
  const whole = wholeVolume(floater);
  const mass = density * whole;
  const area = floater.shape === 'box' ? 4 * size * size : Math.PI * size * size;
  const speed = velocity < 0 ? -velocity : velocity;
  const resistance = dragged * drag * (waterDensity / 2) * area * speed * velocity * (volume / whole);
  const slam = velocity < 0 ? added * waterDensity * slope * velocity * velocity : 0;
  const force = (waterDensity * volume - mass) * pull - resistance + slam;
  return force / (mass + added * waterDensity * volume);
}

/**
 * Kinetic energy with the added mass, and potential energy of the thing and of the water that it displaces.
 */
function energyOf(floater: Floater, height: number, velocity: number, pull: number): number {
  const { volume, integral } = submerged(floater, floater.size - height);
  const mass = floater.density * wholeVolume(floater);
  const inertia = mass + flows[floater.shape].added * waterDensity * volume;
  return (inertia * velocity * velocity) / 2 + (mass * height + waterDensity * integral) * pull;
}

function floaterOf({ shape, size, density }: SceneObject): Floater {
  return { shape: shape === 'box' ? 'box' : 'sphere', size: size[0], density };
}

function draw(split: Split, random: Random): SceneDraft {
  const room = drawRoom(random);
  const light = drawLight(random);
  const { bins, values } = drawFactors(random, split, factors);
  const main = materialNames[values.material];
  const rises = (material: MaterialName) => materials[material].density < waterDensity;
  const rest = random.shuffle(materialNames.filter((material) => material !== main));
  // Something that goes the other way, and perhaps anything else from above.
  const opposite = rest.find((material) => rises(material) !== rises(main)) ?? rest[0];
  const third = rest.find((material) => material !== opposite) ?? rest[1];
  const count = 2 + values.others;
  const gap = count === 2 ? 0.9 : 0.66;
  const places = random.shuffle(Array.from({ length: count }, (_, i) => (i - (count - 1) / 2) * gap));

  const thing = (label: number, material: MaterialName, shape: Floater['shape'], size: number, y: number) =>
    materialObject(random, material, {
      label, moves: true, shape, size: shape === 'box' ? [size, size, size] : [size, 0, 0],
      position: [places[label - 1] + random.uniform(-0.06, 0.06), y, random.uniform(-0.06, 0.06)],
    });
  const start = (material: MaterialName, size: number, way: number) =>
    rises(material) ? level - size - way : bottom + size + way;
  const firstSize = values.shape === 1 ? values.size * 0.9 : values.size;
  const otherSize = random.uniform(0.13, 0.19);
  const otherWay = random.uniform(0.45, 0.75);
  const things = [
    thing(1, main, shapes[values.shape], firstSize, start(main, firstSize, values.way)),
    thing(2, opposite, random.pick(shapes), otherSize, start(opposite, otherSize, otherWay)),
  ];
  if (count === 3) {
    const thirdSize = random.uniform(0.13, 0.19);
    const above = level + thirdSize + random.uniform(0.1, 0.35);
    things.push(thing(3, third, random.pick(shapes), thirdSize, above));
  }
  const tone = random.uniform(84, 120);
  const steel = (size: Vector, x: number) => furnishing('steel', [tone, tone, tone * 1.05], {
    shape: 'box', size, position: [x, size[1], 0],
  });
  const wall: Vector = [0.03, level / 2 + 0.08, halfTank[2]];
  const water = furnishing('water', [64, 140, 214], {
    moves: true, shape: 'box', size: halfTank, position: [0, bottom + halfTank[1], 0], opacity: 0.3,
  });
  const names = things.map(({ material, shape }) => phraseOf(material as MaterialName, shape));
  const fallsIn = count === 3 ? `, ${names[2]} falls in` : '';
  return {
    prompt: `Fluid, ${listOf(names.slice(0, 2))} are let go under water${fallsIn}`,
    objects: [
      ...things, water, steel(wall, -halfTank[0] - 0.03), steel(wall, halfTank[0] + 0.03),
      steel([halfTank[0], bottom / 2, halfTank[2]], 0),
    ],
    room, light, bins,
    // A share of the true drag; tests switch it off.
    parameters: { drag: 1 },
  };
}

function simulate(scene: Scene, options: SimulationOptions = {}): Trajectory {
  const { substeps = defaultSubsteps, gravity: pull = gravity } = options;
  const drag = scene.parameters?.drag ?? 1;
  const trajectory = stillTrajectory(scene);
  const { objects: count, positions, energy } = trajectory;
  const dt = 1 / (framesPerSecond * substeps);
  scene.objects.filter(({ label }) => label > 0).forEach((object, k) => {
    const floater = floaterOf(object);
    const lowest = bottom + floater.size - level;
    let height = object.position[1] - level;
    let velocity = 0;
    const rate = (at: number, speed: number) => accelerationAt(floater, at, speed, pull, drag);
    for (let frame = 0; frame < clipFrames; frame++) {
      for (let i = 0; frame > 0 && i < substeps; i++) {
        const a = rate(height, velocity);
        const b = rate(height + (dt / 2) * velocity, velocity + (dt / 2) * a);
        const c = rate(height + (dt / 2) * (velocity + (dt / 2) * a), velocity + (dt / 2) * b);
        const d = rate(height + dt * (velocity + (dt / 2) * b), velocity + dt * c);
        height += dt * velocity + ((dt * dt) / 6) * (a + b + c);
        velocity += (dt / 6) * (a + 2 * b + 2 * c + d);
        if (height < lowest) {
          height = lowest;
          if (velocity < 0) velocity = 0;
        }
      }
      positions[(frame * count + k) * 3 + 1] = level + height;
      energy[frame] += energyOf(floater, height, velocity, pull);
    }
  });
  return trajectory;
}

/** Length over which drag takes hold: inertia over half the water's density, drag and area. */
export function dragLength(floater: Floater): number {
  const { added, drag } = flows[floater.shape];
  const thickness = floater.shape === 'box' ? 2 * floater.size : (4 / 3) * floater.size;
  return ((floater.density + added * waterDensity) * thickness) / (drag * (waterDensity / 2));
}

/** Upwards, of what is let go under water: its weight and that of the water, over both masses. */
function expectedAcceleration({ objects }: Scene): number {
  const { shape, density } = floaterOf(objects[0]);
  return ((waterDensity - density) * gravity) / (density + flows[shape].added * waterDensity);
}

/**
 * From the way of the first thing up to the surface or down to the floor. With quadratic drag a motion from
 * rest goes s = L log cosh(t sqrt(a / L)), so that L arcosh(exp(s / L))^2 grows as a t^2.
 */
function measuredAcceleration(scene: Scene, [track]: readonly Track[]): number {
  const [thing] = scene.objects;
  const direction = thing.density < waterDensity ? 1 : -1;
  const [size] = thing.size;
  const way = direction > 0 ? level - size - thing.position[1] : thing.position[1] - size - bottom;
  const length = dragLength(floaterOf(thing));
  const squares: number[] = [];
  const straightened: number[] = [];
  for (let frame = 0; frame < track.y.length; frame++) {
    const moved = direction * (track.y[frame] - track.y[0]);
    if (!(moved < way - 0.05)) break;
    squares.push((frame / framesPerSecond) * (frame / framesPerSecond));
    straightened.push(length * Math.acosh(Math.exp(Math.max(0, moved) / length)) ** 2);
  }
  return direction * slopeOf(squares, straightened);
}

export const buoyancy: Family = {
  name: 'buoyancy',
  title: 'Float or sink',
  domain: 'fluid',
  number: 13,
  law: {
    sentence: 'What is lighter than the water it pushes aside rises, what is heavier sinks.',
    quantity: 'acceleration of the first thing, upwards, m/s²',
    expected: expectedAcceleration,
    measured: measuredAcceleration,
  },
  draw,
  simulate,
  isGood: staysInView,
};
