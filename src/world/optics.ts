// What is seen in a mirror and through a block of glass: one reflection, or two refractions by Snell's law. What is
// behind the camera's side of a mirror is traced once; a mirror in a mirror looks plain.

import type { Body } from './body.ts';
import { hit } from './intersections.ts';
import { lightAlong, shaded, type Stage } from './light.ts';

export const glassIndex = 1.5;
/** Share of the light that a mirror gives back, and that a block of glass lets through. */
const mirrorShare = 0.86;
const glassShare = 0.9;
const tint = [0.02, 0.05, 0.045];

const normal = new Float64Array(3);
const direction = new Float64Array(3);

/**
 * Snell's law: the unit direction after a surface whose unit normal faces the ray, for ratio = n1 / n2; written to
 * `out`. Returns false at total reflection.
 */
export function refract(
  dx: number, dy: number, dz: number, nx: number, ny: number, nz: number, ratio: number, out: Float64Array,
): boolean {
  const cosine = -(dx * nx + dy * ny + dz * nz);
  const square = 1 - ratio * ratio * (1 - cosine * cosine);
  if (square < 0) return false;
  const along = ratio * cosine - Math.sqrt(square);
  out[0] = ratio * dx + along * nx;
  out[1] = ratio * dy + along * ny;
  out[2] = ratio * dz + along * nz;
  return true;
}

/** Distance from inside a box to where a ray leaves it; sets `hit` with the outward normal in the box's frame. */
function leave(body: Body, ox: number, oy: number, oz: number, dx: number, dy: number, dz: number): number {
  const m = body.axes;
  const vx = ox - body.x;
  const vy = oy - body.y;
  const vz = oz - body.z;
  let nearest = 1e30;
  for (let i = 0; i < 3; i++) {
    const d = m[i] * dx + m[i + 3] * dy + m[i + 6] * dz;
    if (d === 0) continue;
    const o = m[i] * vx + m[i + 3] * vy + m[i + 6] * vz;
    const t = ((d > 0 ? body.size[i] : -body.size[i]) - o) / d;
    if (t >= nearest) continue;
    nearest = t;
    hit[1] = 0;
    hit[2] = 0;
    hit[3] = 0;
    hit[i + 1] = d > 0 ? 1 : -1;
  }
  return nearest;
}

/** Light that a ray from a point brings back by way of a mirror or a glass box that it meets; sets `shaded`. */
export function lightThrough(
  stage: Stage, body: Body, ox: number, oy: number, oz: number, dx: number, dy: number, dz: number,
): void {
  body.meets(ox, oy, oz, dx, dy, dz);
  const t = hit[0];
  body.normalAtHit(normal);
  let [nx, ny, nz] = normal;
  let px = ox + t * dx;
  let py = oy + t * dy;
  let pz = oz + t * dz;
  const others = { ...stage, blocks: stage.blocks.filter((block) => block !== body) };
  if (body.object.surface === 'mirror') {
    const twice = 2 * (dx * nx + dy * ny + dz * nz);
    lightAlong(others, px, py, pz, dx - twice * nx, dy - twice * ny, dz - twice * nz);
    for (let c = 0; c < 3; c++) shaded[c] = shaded[c] * mirrorShare + tint[c];
    return;
  }
  refract(dx, dy, dz, nx, ny, nz, 1 / glassIndex, direction);
  // Total reflection inside: after a few turns what comes is dark enough not to matter.
  for (let turn = 0; turn < 3; turn++) {
    const [ix, iy, iz] = direction;
    const inside = leave(body, px, py, pz, ix, iy, iz);
    body.normalAtHit(normal);
    [nx, ny, nz] = normal;
    px += inside * ix;
    py += inside * iy;
    pz += inside * iz;
    if (refract(ix, iy, iz, -nx, -ny, -nz, glassIndex, direction)) break;
    const twice = 2 * (ix * nx + iy * ny + iz * nz);
    direction[0] = ix - twice * nx;
    direction[1] = iy - twice * ny;
    direction[2] = iz - twice * nz;
  }
  const [ex, ey, ez] = direction;
  lightAlong(others, px, py, pz, ex, ey, ez);
  for (let c = 0; c < 3; c++) shaded[c] = shaded[c] * glassShare + tint[c];
}
