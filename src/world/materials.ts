// The materials of dropped objects: how they look decides how they bounce, slide and weigh. Colours are sRGB
// 0 .. 255 here and linear in scenes; gamma is 2 throughout, because a square root is exact in every engine.

import type { MaterialName, Vector } from './scene.ts';

export interface Material {
  /** Read in the prompt, before the shape. */
  phrase: string;
  colour: Vector;
  restitution: number;
  friction: number;
  /** kg / m^3, scaled down: only ratios matter. */
  density: number;
  /** Strength of the highlight, 0 .. 1, and how often the cosine is squared to sharpen it. */
  highlight: number;
  sharpness: number;
  /** Surface pattern in the object's own coordinates, so that rotation shows. */
  pattern: 'band' | 'none' | 'grain' | 'speckle';
}

export const materials: Record<MaterialName, Material> = {
  rubber: {
    phrase: 'red rubber', colour: [224, 40, 72], restitution: 0.8, friction: 0.8, density: 110,
    highlight: 0.08, sharpness: 3, pattern: 'band',
  },
  plastic: {
    phrase: 'blue plastic', colour: [44, 92, 232], restitution: 0.6, friction: 0.4, density: 90,
    highlight: 0.5, sharpness: 5, pattern: 'none',
  },
  wood: {
    phrase: 'wooden', colour: [206, 112, 38], restitution: 0.4, friction: 0.5, density: 65,
    highlight: 0, sharpness: 1, pattern: 'grain',
  },
  metal: {
    phrase: 'teal metal', colour: [42, 176, 186], restitution: 0.25, friction: 0.3, density: 300,
    highlight: 0.95, sharpness: 4, pattern: 'none',
  },
  foam: {
    phrase: 'green foam', colour: [92, 172, 52], restitution: 0.1, friction: 1.0, density: 20,
    highlight: 0, sharpness: 1, pattern: 'speckle',
  },
  clay: {
    phrase: 'yellow clay', colour: [240, 206, 48], restitution: 0, friction: 0.9, density: 180,
    highlight: 0, sharpness: 1, pattern: 'none',
  },
};

/** Linear light from an sRGB triple 0 .. 255 (gamma 2). */
export function linearColour(colour: Vector): Vector {
  const [red, green, blue] = colour;
  return [(red * red) / 65025, (green * green) / 65025, (blue * blue) / 65025];
}
