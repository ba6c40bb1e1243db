// A soft body as equal point masses joined by damped springs (Provot, "Deformation constraints in a
// mass-spring model", Graphics Interface 1995), stepped by semi-implicit Euler. Nodes are small balls that
// the floor pushes up like stiff springs and holds by viscous friction. All quantities are per unit of node
// mass. Does not do: plastic flow, nodes of one body that touch each other, anything but the floor.

export interface SoftBody {
  /** Node i at 3 i; metres and metres a second. */
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  /** Radius of a node. */
  readonly radius: number;
  /** Node i of each spring, node j, and the length at rest. */
  readonly springs: readonly (readonly [number, number, number])[];
  readonly elasticity: Elasticity;
}

export interface Elasticity {
  /** Of every spring, 1 / s^2. */
  readonly stiffness: number;
  /** Of every spring along itself, 1 / s. */
  readonly damping: number;
  /** Sideways, of a node on the floor, 1 / s. */
  readonly friction: number;
}

/** The floor is this many times as stiff as a spring. */
const floorStiffness = 5;

/** Joins all nodes that are at most `reach` apart. */
export function softBody(
  positions: Float64Array, radius: number, reach: number, elasticity: Elasticity,
): SoftBody {
  const springs: [number, number, number][] = [];
  const count = positions.length / 3;
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      const x = positions[j * 3] - positions[i * 3];
      const y = positions[j * 3 + 1] - positions[i * 3 + 1];
      const z = positions[j * 3 + 2] - positions[i * 3 + 2];
      const length = Math.sqrt(x * x + y * y + z * z);
      if (length <= reach) springs.push([i, j, length]);
    }
  }
  const velocities = new Float64Array(positions.length);
  return { positions: positions.slice(), velocities, radius, springs, elasticity };
}

/** One step of semi-implicit Euler: velocities first, then positions with the new velocities. */
export function stepSoftBody(body: SoftBody, dt: number, gravity: number): void {
  const { positions: x, velocities: v, radius, springs } = body;
  const { stiffness, damping, friction } = body.elasticity;
  const changes = new Float64Array(v.length);
  for (const [first, second, rest] of springs) {
    const i = first * 3;
    const j = second * 3;
    const dx = x[j] - x[i];
    const dy = x[j + 1] - x[i + 1];
    const dz = x[j + 2] - x[i + 2];
    const length = Math.sqrt(dx * dx + dy * dy + dz * dz);
    const along = ((v[j] - v[i]) * dx + (v[j + 1] - v[i + 1]) * dy + (v[j + 2] - v[i + 2]) * dz) / length;
    const pull = (stiffness * (length - rest) + damping * along) / length;
    changes[i] += pull * dx;
    changes[i + 1] += pull * dy;
    changes[i + 2] += pull * dz;
    changes[j] -= pull * dx;
    changes[j + 1] -= pull * dy;
    changes[j + 2] -= pull * dz;
  }
  for (let i = 0; i < v.length; i += 3) {
    const depth = radius - x[i + 1];
    let push = 0;
    let hold = 0;
    if (depth > 0) {
      // The floor damps what comes down as the springs do, and never pulls.
      push = floorStiffness * stiffness * depth - damping * v[i + 1];
      if (push < 0) push = 0;
      hold = friction;
    }
    v[i] += dt * (changes[i] - hold * v[i]);
    v[i + 1] += dt * (changes[i + 1] + push - gravity);
    v[i + 2] += dt * (changes[i + 2] - hold * v[i + 2]);
    x[i] += dt * v[i];
    x[i + 1] += dt * v[i + 1];
    x[i + 2] += dt * v[i + 2];
  }
}

/** Kinetic energy, that of height, and that of springs and floor; over the mass of a node. */
export function energyOfSoftBody(body: SoftBody, gravity: number): number {
  const { positions: x, velocities: v, radius, springs } = body;
  const { stiffness } = body.elasticity;
  let energy = 0;
  for (const [first, second, rest] of springs) {
    const dx = x[second * 3] - x[first * 3];
    const dy = x[second * 3 + 1] - x[first * 3 + 1];
    const dz = x[second * 3 + 2] - x[first * 3 + 2];
    const stretch = Math.sqrt(dx * dx + dy * dy + dz * dz) - rest;
    energy += (stiffness * stretch * stretch) / 2;
  }
  for (let i = 0; i < v.length; i += 3) {
    const depth = radius - x[i + 1];
    energy += (v[i] * v[i] + v[i + 1] * v[i + 1] + v[i + 2] * v[i + 2]) / 2 + gravity * x[i + 1];
    if (depth > 0) energy += (floorStiffness * stiffness * depth * depth) / 2;
  }
  return energy;
}
