// Where a ray meets a shape, in closed form, in the shape's own frame (axis of revolution along y). Shapes
// and half extents are those of scene.ts. Only + - * / and square roots, so every engine gives the same bits.

import type { Shape } from './scene.ts';

/** Distance and outward normal of the last hit: [t, nx, ny, nz]. */
export const hit = new Float64Array(4);

const nothing = 1e30;
const nearest = 1e-6;

/**
 * Sets `hit` and returns true when the ray (unit direction d from o) meets the shape at a distance above 0.
 */
export function intersect(
  shape: Shape, a: number, b: number, c: number,
  ox: number, oy: number, oz: number, dx: number, dy: number, dz: number,
): boolean {
  switch (shape) {
    case 'sphere':
      return intersectSphere(a, 0, ox, oy, oz, dx, dy, dz, nothing);
    case 'box':
      return intersectBox(a, b, c, ox, oy, oz, dx, dy, dz);
    case 'cylinder':
      return intersectCylinder(a, b, ox, oy, oz, dx, dy, dz);
    case 'capsule':
      return intersectCapsule(a, b, ox, oy, oz, dx, dy, dz);
    case 'cone':
      return intersectCone(a, b, ox, oy, oz, dx, dy, dz);
  }
}

function record(t: number, nx: number, ny: number, nz: number): true {
  hit[0] = t;
  hit[1] = nx;
  hit[2] = ny;
  hit[3] = nz;
  return true;
}

/** A sphere centred at (0, centre, 0); only hits nearer than `before` count. */
function intersectSphere(
  radius: number, centre: number,
  ox: number, oy: number, oz: number, dx: number, dy: number, dz: number, before: number,
): boolean {
  const py = oy - centre;
  const along = ox * dx + py * dy + oz * dz;
  const square = along * along - (ox * ox + py * py + oz * oz - radius * radius);
  if (square < 0) return false;
  const t = -along - Math.sqrt(square);
  if (t < nearest || t >= before) return false;
  return record(t, (ox + t * dx) / radius, (py + t * dy) / radius, (oz + t * dz) / radius);
}

function intersectBox(
  a: number, b: number, c: number,
  ox: number, oy: number, oz: number, dx: number, dy: number, dz: number,
): boolean {
  let enter = -nothing;
  let leave = nothing;
  let axis = 0;
  for (let i = 0; i < 3; i++) {
    const origin = i === 0 ? ox : i === 1 ? oy : oz;
    const direction = i === 0 ? dx : i === 1 ? dy : dz;
    const half = i === 0 ? a : i === 1 ? b : c;
    if (direction === 0) {
      if (origin > half || origin < -half) return false;
      continue;
    }
    const near = ((direction > 0 ? -half : half) - origin) / direction;
    const far = ((direction > 0 ? half : -half) - origin) / direction;
    if (near > enter) {
      enter = near;
      axis = i;
    }
    if (far < leave) leave = far;
  }
  if (enter >= leave || enter < nearest) return false;
  if (axis === 0) return record(enter, dx > 0 ? -1 : 1, 0, 0);
  if (axis === 1) return record(enter, 0, dy > 0 ? -1 : 1, 0);
  return record(enter, 0, 0, dz > 0 ? -1 : 1);
}

/** The wall of a cylinder between y = -half and half: sets `hit` when met. */
function intersectTube(
  radius: number, half: number,
  ox: number, oy: number, oz: number, dx: number, dy: number, dz: number,
): boolean {
  const a = dx * dx + dz * dz;
  if (a < 1e-14) return false;
  const b = ox * dx + oz * dz;
  const square = b * b - a * (ox * ox + oz * oz - radius * radius);
  if (square < 0) return false;
  const t = (-b - Math.sqrt(square)) / a;
  const y = oy + t * dy;
  if (t < nearest || y < -half || y > half) return false;
  return record(t, (ox + t * dx) / radius, 0, (oz + t * dz) / radius);
}

/** A flat disc at height y seen from the side its normal points to. */
function intersectDisc(
  radius: number, y: number, normal: number,
  ox: number, oy: number, oz: number, dx: number, dy: number, dz: number,
): boolean {
  if (dy * normal >= 0) return false;
  const t = (y - oy) / dy;
  const x = ox + t * dx;
  const z = oz + t * dz;
  if (t < nearest || x * x + z * z > radius * radius) return false;
  return record(t, 0, normal, 0);
}

function intersectCylinder(
  radius: number, half: number,
  ox: number, oy: number, oz: number, dx: number, dy: number, dz: number,
): boolean {
  // A convex body shows a ray one front face: the first test that succeeds is the answer.
  if (intersectTube(radius, half, ox, oy, oz, dx, dy, dz)) return true;
  if (intersectDisc(radius, half, 1, ox, oy, oz, dx, dy, dz)) return true;
  return intersectDisc(radius, -half, -1, ox, oy, oz, dx, dy, dz);
}

function intersectCapsule(
  radius: number, half: number,
  ox: number, oy: number, oz: number, dx: number, dy: number, dz: number,
): boolean {
  if (intersectTube(radius, half, ox, oy, oz, dx, dy, dz)) return true;
  const top = intersectSphere(radius, half, ox, oy, oz, dx, dy, dz, nothing);
  const topDistance = top ? hit[0] : nothing;
  return intersectSphere(radius, -half, ox, oy, oz, dx, dy, dz, topDistance) || top;
}

/** Apex at y = half, base of the given radius at y = -half. */
function intersectCone(
  radius: number, half: number,
  ox: number, oy: number, oz: number, dx: number, dy: number, dz: number,
): boolean {
  const slope = radius / (2 * half);
  const k = slope * slope;
  const py = half - oy;
  const a = dx * dx + dz * dz - k * dy * dy;
  const b = ox * dx + oz * dz + k * py * dy;
  const c = ox * ox + oz * oz - k * py * py;
  const square = b * b - a * c;
  let found = nothing;
  if (square >= 0 && (a > 1e-12 || a < -1e-12)) {
    const root = Math.sqrt(square);
    for (let sign = -1; sign <= 1; sign += 2) {
      const t = (-b + sign * root) / a;
      const y = oy + t * dy;
      if (t >= nearest && t < found && y >= -half && y <= half) found = t;
    }
  }
  const base = intersectDisc(radius, -half, -1, ox, oy, oz, dx, dy, dz);
  if (found === nothing || (base && hit[0] <= found)) return base;
  const x = ox + found * dx;
  const z = oz + found * dz;
  const y = slope * slope * (half - oy - found * dy);
  const length = Math.sqrt(x * x + z * z + y * y);
  if (length < 1e-12) return record(found, 0, 1, 0);
  return record(found, x / length, y / length, z / length);
}
