// Rigid-body motion by Rapier (WebAssembly: the same bits in every engine). Objects start from rest in frame 0
// unless the scene says otherwise; the room is a floor at y = 0 and what stands on it. Restitution of a contact is
// the larger of the two, friction their mean. Does not decide which scenes are good: that is the families'.

import RAPIER from '@dimforge/rapier3d-compat';
import {
  clipFrames, framesPerSecond, gravity, type Scene, type SceneObject, type Trajectory, type Vector,
} from './scene.ts';

/** Steps of the solver in a frame, by default: 1/100 s each. */
export const defaultSubsteps = 8;

const floorFriction = 0.6;

export interface SimulationOptions {
  /** Solver steps in a frame. */
  substeps?: number;
  /** m / s^2, downwards. Other values are for tests. */
  gravity?: number;
}

function colliderFor(object: SceneObject): RAPIER.ColliderDesc {
  const [a, b, c] = object.size;
  switch (object.shape) {
    case 'sphere':
      return RAPIER.ColliderDesc.ball(a);
    case 'box':
      return RAPIER.ColliderDesc.cuboid(a, b, c);
    case 'cylinder':
      return RAPIER.ColliderDesc.cylinder(b, a);
    case 'capsule':
      return RAPIER.ColliderDesc.capsule(b, a);
    case 'cone':
      return RAPIER.ColliderDesc.cone(b, a);
  }
}

/**
 * Runs a scene for 25 frames. RAPIER.init() must have finished.
 * @returns poses of the dropped objects in the order of scene.objects, and their energy
 */
export function simulateRigidBodies(scene: Scene, options: SimulationOptions = {}): Trajectory {
  const substeps = options.substeps ?? defaultSubsteps;
  const pull = options.gravity ?? gravity;
  const step = 1 / (framesPerSecond * substeps);
  const world = new RAPIER.World({ x: 0, y: -pull, z: 0 });
  try {
    world.timestep = step;
    const floor = RAPIER.ColliderDesc.cuboid(20, 1, 20).setTranslation(0, -1, 0);
    world.createCollider(floor.setFriction(floorFriction).setRestitution(0));
    for (const object of scene.objects) {
      if (object.moves || object.ghost) continue;
      const [x, y, z] = object.position;
      const [i, j, k, w] = object.rotation;
      const collider = colliderFor(object).setTranslation(x, y, z).setRotation({ x: i, y: j, z: k, w });
      world.createCollider(collider.setFriction(object.friction).setRestitution(object.restitution));
    }
    // The solver splits a step into small ones, each adding gravity before it moves (symplectic Euler).
    // Starting with half a small step of upward velocity makes free flight exactly the parabola h - g t^2 /
    // 2.
    const lift = (pull * step) / (2 * world.integrationParameters.numSolverIterations);
    const moving = scene.objects.filter((object) => object.moves);
    const bodies = moving.map((object) => {
      const [x, y, z] = object.position;
      const [i, j, k, w] = object.rotation;
      const description = RAPIER.RigidBodyDesc.dynamic()
        .setTranslation(x, y, z)
        .setRotation({ x: i, y: j, z: k, w })
        .setLinvel(object.velocity?.[0] ?? 0, (object.velocity?.[1] ?? 0) + lift, object.velocity?.[2] ?? 0)
        .setAngularDamping(object.damping ?? 0.4);
      // Not translations too: with both locked, a sliding box accelerates up to 30 % wrong (Rapier 0.21).
      if (object.planar) description.enabledRotations(false, false, true);
      const body = world.createRigidBody(description);
      const collider = colliderFor(object)
        .setDensity(object.density)
        .setFriction(object.friction)
        .setRestitution(object.restitution)
        .setRestitutionCombineRule(RAPIER.CoefficientCombineRule.Max);
      // A ghost has mass but touches nothing.
      world.createCollider(object.ghost ? collider.setCollisionGroups(0) : collider, body);
      return body;
    });
    addJoints(world, scene, moving, bodies);

    const count = bodies.length;
    const positions = new Float32Array(clipFrames * count * 3);
    const rotations = new Float32Array(clipFrames * count * 4);
    const energy = new Float32Array(clipFrames);
    for (let frame = 0; frame < clipFrames; frame++) {
      if (frame > 0) for (let i = 0; i < substeps; i++) world.step();
      for (let k = 0; k < count; k++) {
        const body = bodies[k];
        const { x, y, z } = body.translation();
        const turn = body.rotation();
        positions.set([x, y, z], (frame * count + k) * 3);
        rotations.set([turn.x, turn.y, turn.z, turn.w], (frame * count + k) * 4);
        energy[frame] += mechanicalEnergy(body, pull, lift);
      }
    }
    return { frames: clipFrames, objects: count, positions, rotations, energy };
  } finally {
    world.free();
  }
}

/** Runs scenes in shorter steps, where a law hangs on restitution: a step's length takes some of it. */
export function inShorterSteps(factor: number): (scene: Scene, options?: SimulationOptions) => Trajectory {
  return (scene, options = {}) =>
    simulateRigidBodies(scene, { ...options, substeps: factor * (options.substeps ?? defaultSubsteps) });
}

/** Joints between moving objects, and from moving objects to a body that stands for the room. */
function addJoints(
  world: RAPIER.World, scene: Scene, moving: readonly SceneObject[], bodies: readonly RAPIER.RigidBody[],
): void {
  const { joints = [] } = scene;
  if (joints.length === 0) return;
  const room = world.createRigidBody(RAPIER.RigidBodyDesc.fixed());
  const vector = ([x, y, z]: Vector) => ({ x, y, z });
  const upright = { x: 0, y: 0, z: 0, w: 1 };
  const bodyOf = (index: number) => {
    const body = bodies[moving.indexOf(scene.objects[index])];
    if (!body) throw new RangeError(`Object ${index} has a joint and does not move.`);
    return body;
  };
  for (const { kind, object, anchor, other, otherAnchor, axis } of joints) {
    const [here, there] = [vector(anchor), vector(otherAnchor)];
    const data = kind === 'fixed'
      ? RAPIER.JointData.fixed(here, upright, there, upright)
      : RAPIER.JointData.revolute(here, there, vector(axis ?? [0, 0, 1]));
    const joint = world.createImpulseJoint(data, bodyOf(object), other === undefined ? room : bodyOf(other), true);
    joint.setContactsEnabled(false);
  }
}

/** Kinetic and potential energy in joules. `lift` is the half step that the solver's velocity is ahead by. */
function mechanicalEnergy(body: RAPIER.RigidBody, pull: number, lift: number): number {
  const velocity = body.linvel();
  velocity.y -= lift;
  const spin = body.angvel();
  const linear = velocity.x * velocity.x + velocity.y * velocity.y + velocity.z * velocity.z;
  const inertia = body.effectiveAngularInertia();
  const sx = inertia.m11 * spin.x + inertia.m12 * spin.y + inertia.m13 * spin.z;
  const sy = inertia.m12 * spin.x + inertia.m22 * spin.y + inertia.m23 * spin.z;
  const sz = inertia.m13 * spin.x + inertia.m23 * spin.y + inertia.m33 * spin.z;
  const rotational = spin.x * sx + spin.y * sy + spin.z * sz;
  return body.mass() * (linear / 2 + pull * body.translation().y) + rotational / 2;
}
