// Ramps are where they say, and nothing but the plank's face touches what lies on them.

import { describe, expect, test } from 'vitest';
import { pointOn, rampObjects, tiltOf, type Ramp } from './ramps.ts';
import { turned } from './things.ts';

const sines = [0.2, 0.5, 0.72, 0.76, 0.8, 0.95];

describe.each([1, -1])('a ramp to side %i', (side) => {
  test.each(sines)('of sine %f has its face between the foot and the top', (sine) => {
    const ramp: Ramp = { foot: [0.1, 0.4, 0.05], length: 1.2, sine, side };
    const [plank] = rampObjects(ramp, 'steel', [130, 130, 130], 0);
    for (const [end, distance] of [[1, 0], [-1, ramp.length]] as const) {
      const edge = turned(plank.rotation, [side * end * plank.size[0], plank.size[1], 0]);
      const point = pointOn(ramp, distance, 0);
      for (let i = 0; i < 3; i++) expect(plank.position[i] + edge[i]).toBeCloseTo(point[i], 9);
    }
    expect(turned(tiltOf(ramp), [side, 0, 0])[1]).toBeCloseTo(-sine, 9);
  });

  test.each(sines)('of sine %f has posts that stay under its face', (sine) => {
    const ramp: Ramp = { foot: [0, 0.3, 0], length: 1.2, sine, side };
    const [, ...posts] = rampObjects(ramp, 'steel', [130, 130, 130], 0);
    expect(posts.length).toBe(2);
    const cosine = Math.sqrt(1 - sine * sine);
    for (const { position, size } of posts) {
      for (const across of [-size[0], size[0]]) {
        const x = position[0] + across - ramp.foot[0];
        const y = position[1] + size[1] - ramp.foot[1];
        expect(side * sine * x + cosine * y).toBeLessThan(0);
      }
    }
  });
});
