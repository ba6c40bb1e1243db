// Rays against shapes: every hit lies on the surface, with an outward normal, and is the first point inside that
// a march along the ray finds; a miss never enters the shape.

import { describe, expect, test } from 'vitest';
import { Random } from '../math/random.ts';
import { hit, intersect } from './intersections.ts';
import { shapes, type Shape } from './splits.ts';

const [a, b, c] = [0.5, 0.8, 0.4];

/** Whether a point is inside, by definition rather than by ray. */
function inside(shape: Shape, x: number, y: number, z: number): boolean {
  const across = Math.sqrt(x * x + z * z);
  switch (shape) {
    case 'sphere':
      return across * across + y * y < a * a;
    case 'box':
      return Math.abs(x) < a && Math.abs(y) < b && Math.abs(z) < c;
    case 'cylinder':
      return across < a && Math.abs(y) < b;
    case 'capsule':
      return Math.hypot(across, Math.max(0, Math.abs(y) - b)) < a;
    case 'cone':
      return Math.abs(y) < b && across < (a * (b - y)) / (2 * b);
  }
}

describe.each(shapes)('%s', (shape) => {
  test('agrees with a march along 150 rays', () => {
    const random = new Random(77, shapes.indexOf(shape));
    let hits = 0;
    for (let i = 0; i < 150; i++) {
      const origin = [random.uniform(-3, 3), random.uniform(-3, 3), random.uniform(2, 4)];
      const aim = [random.uniform(-0.9, 0.9), random.uniform(-1.3, 1.3), random.uniform(-0.5, 0.5)];
      const way = aim.map((value, k) => value - origin[k]);
      const length = Math.hypot(...way);
      const [dx, dy, dz] = way.map((value) => value / length);
      const at = (t: number): [number, number, number] =>
        [origin[0] + t * dx, origin[1] + t * dy, origin[2] + t * dz];
      const step = 0.004;
      let first = Infinity;
      for (let t = 0; t < 8; t += step) {
        if (inside(shape, ...at(t))) {
          first = t;
          break;
        }
      }
      const met = intersect(shape, a, b, c, origin[0], origin[1], origin[2], dx, dy, dz);
      if (met) {
        hits++;
        const [t, nx, ny, nz] = hit;
        expect(Math.hypot(nx, ny, nz)).toBeCloseTo(1, 9);
        expect(nx * dx + ny * dy + nz * dz).toBeLessThan(1e-9);
        // A ray that only grazes may slip between two steps of the march.
        if (first < Infinity) expect(Math.abs(t - first)).toBeLessThanOrEqual(step * 1.01);
        else expect(inside(shape, ...at(t + step * 1.5))).toBe(false);
      } else {
        expect(first).toBe(Infinity);
      }
    }
    expect(hits).toBeGreaterThan(25);
  });
});
