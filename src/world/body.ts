// An object in a pose, as the ray caster meets it: seen from the camera, between a point and the light, or
// near enough to a point to take some of its ambient light.

import { cameraPosition, focalLength, project } from './camera.ts';
import { hit, intersect } from './intersections.ts';
import { boundingRadius, frameSize, type SceneObject } from './scene.ts';

/** Contact shadows end at this many reaches from an object's centre. */
export const contactReach = 2.6;
/** What is longer than this many times its thickness counts as slim. */
const slimness = 5;
const contactFloor = 1 / (contactReach * contactReach);

/** An object with its pose as a rotation matrix (columns: its axes in the world), in a picture of a given side. */
export class Body {
  readonly object: SceneObject;
  /** Half extents and linear colour now. */
  size: ArrayLike<number>;
  colour: ArrayLike<number>;
  radius = 0;
  /** What contact shadows and surface patterns go by. */
  reach = 0;
  extent = 0;
  private readonly side: number;
  readonly axes = new Float64Array(9);
  x = 0;
  y = 0;
  z = 0;
  /** The camera in this object's frame. */
  eyeX = 0;
  eyeY = 0;
  eyeZ = 0;
  /** Pixels that the object can cover: left, right (exclusive), top, bottom (exclusive). */
  left = 0;
  right = 0;
  top = 0;
  bottom = 0;

  constructor(object: SceneObject, side = frameSize) {
    this.object = object;
    this.side = side;
    this.size = object.size;
    this.colour = object.colour;
    this.resize(object.size);
    this.place(object.position, object.rotation);
  }

  /** Half extents of another moment; place() comes after it. */
  resize(size: ArrayLike<number>): void {
    this.size = size;
    this.radius = boundingRadius({ shape: this.object.shape, size: [size[0], size[1], size[2]] });
    // A plank or a rod darkens what is near it by its thickness: by its length it would darken the room.
    const long = size[0] > size[1] ? size[0] : size[1];
    const short = size[0] > size[1] ? size[1] : size[0];
    this.reach = short > 0 && long > slimness * short ? slimness * short : long;
    this.extent = long;
  }

  place(position: ArrayLike<number>, rotation: ArrayLike<number>): void {
    this.x = position[0];
    this.y = position[1];
    this.z = position[2];
    const i = rotation[0];
    const j = rotation[1];
    const k = rotation[2];
    const w = rotation[3];
    const m = this.axes;
    m[0] = 1 - 2 * (j * j + k * k);
    m[1] = 2 * (i * j - w * k);
    m[2] = 2 * (i * k + w * j);
    m[3] = 2 * (i * j + w * k);
    m[4] = 1 - 2 * (i * i + k * k);
    m[5] = 2 * (j * k - w * i);
    m[6] = 2 * (i * k - w * j);
    m[7] = 2 * (j * k + w * i);
    m[8] = 1 - 2 * (i * i + j * j);
    const ox = cameraPosition[0] - this.x;
    const oy = cameraPosition[1] - this.y;
    const oz = cameraPosition[2] - this.z;
    this.eyeX = m[0] * ox + m[3] * oy + m[6] * oz;
    this.eyeY = m[1] * ox + m[4] * oy + m[7] * oz;
    this.eyeZ = m[2] * ox + m[5] * oy + m[8] * oz;
    const { column, row, depth } = project(position);
    const reach = 1.5 + (focalLength * this.radius) / (depth - this.radius);
    const scale = this.side / frameSize;
    const clamp = (value: number) => Math.max(0, Math.min(this.side, Math.floor(value * scale)));
    this.left = clamp(column - reach);
    this.right = clamp(column + reach + 1);
    this.top = clamp(row - reach);
    this.bottom = clamp(row + reach + 1);
  }

  /** Whether a pixel can show the object. */
  covers(column: number, row: number): boolean {
    return column >= this.left && column < this.right && row >= this.top && row < this.bottom;
  }

  /** Meets the camera's ray with this body; sets `hit` in the body's frame. */
  seen(dx: number, dy: number, dz: number): boolean {
    const m = this.axes;
    const { size } = this;
    return intersect(
      this.object.shape, size[0], size[1], size[2], this.eyeX, this.eyeY, this.eyeZ,
      m[0] * dx + m[3] * dy + m[6] * dz, m[1] * dx + m[4] * dy + m[7] * dz, m[2] * dx + m[5] * dy + m[8] * dz,
    );
  }

  /** Meets any ray with this body; sets `hit` in the body's frame. */
  meets(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number): boolean {
    const m = this.axes;
    const { size } = this;
    const vx = ox - this.x;
    const vy = oy - this.y;
    const vz = oz - this.z;
    return intersect(
      this.object.shape, size[0], size[1], size[2],
      m[0] * vx + m[3] * vy + m[6] * vz, m[1] * vx + m[4] * vy + m[7] * vz, m[2] * vx + m[5] * vy + m[8] * vz,
      m[0] * dx + m[3] * dy + m[6] * dz, m[1] * dx + m[4] * dy + m[7] * dz, m[2] * dx + m[5] * dy + m[8] * dz,
    );
  }

  /** Turns the normal in `hit` from the body's frame into the world's, written to out[0..2]. */
  normalAtHit(out: Float64Array): void {
    const m = this.axes;
    const a = hit[1];
    const b = hit[2];
    const c = hit[3];
    out[0] = m[0] * a + m[1] * b + m[2] * c;
    out[1] = m[3] * a + m[4] * b + m[5] * c;
    out[2] = m[6] * a + m[7] * b + m[8] * c;
  }

  /** Whether this body takes light from others: what glows or can be seen through does not. */
  get darkens(): boolean {
    const { emission, opacity, surface } = this.object;
    return !emission && (opacity ?? 1) === 1 && surface !== 'glass';
  }

  /** Whether this body stands between a point and the light. */
  shades(px: number, py: number, pz: number, light: ArrayLike<number>): boolean {
    if (!this.darkens) return false;
    const vx = this.x - px;
    const vy = this.y - py;
    const vz = this.z - pz;
    const along = vx * light[0] + vy * light[1] + vz * light[2];
    if (along < -this.radius) return false;
    if (vx * vx + vy * vy + vz * vz - along * along >= this.radius * this.radius) return false;
    const m = this.axes;
    const { size } = this;
    const lx = light[0];
    const ly = light[1];
    const lz = light[2];
    return intersect(
      this.object.shape, size[0], size[1], size[2],
      -m[0] * vx - m[3] * vy - m[6] * vz, -m[1] * vx - m[4] * vy - m[7] * vz,
      -m[2] * vx - m[5] * vy - m[8] * vz,
      m[0] * lx + m[3] * ly + m[6] * lz, m[1] * lx + m[4] * ly + m[7] * lz, m[2] * lx + m[5] * ly + m[8] * lz,
    );
  }

  /** Share of the ambient light that this body takes from a point with a normal, 0 .. 1. */
  occludes(px: number, py: number, pz: number, nx: number, ny: number, nz: number): number {
    if (!this.darkens) return 0;
    const vx = this.x - px;
    const vy = this.y - py;
    const vz = this.z - pz;
    const square = vx * vx + vy * vy + vz * vz;
    const near = (this.reach * this.reach) / square;
    if (near <= contactFloor) return 0;
    const facing = (vx * nx + vy * ny + vz * nz) / Math.sqrt(square);
    if (facing <= 0) return 0;
    const share = facing * (near - contactFloor);
    return share > 0.85 ? 0.85 : share;
  }
}
