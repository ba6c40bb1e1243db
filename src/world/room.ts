// The room that scenes are in: a textured floor, a back wall, a light from above. Its looks decide nothing.

import type { Random } from '../math/random.ts';
import { linearColour } from './materials.ts';
import type { Room, Vector } from './scene.ts';

export function drawRoom(random: Random): Room {
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

/** Unit vector to a light above, a little to one side and in front. */
export function drawLight(random: Random): Vector {
  const leaning: Vector = [random.uniform(-0.5, 0.5), 1, random.uniform(0.05, 0.5)];
  const length = Math.sqrt(leaning[0] * leaning[0] + 1 + leaning[2] * leaning[2]);
  return [leaning[0] / length, 1 / length, leaning[2] / length];
}
