// The wave along a row of dominoes, in theory: J. M. J. van Leeuwen, "The domino effect", Am. J. Phys. 78,
// 721 (2010), here with a mass and a friction for each. Every domino turns about its lower edge without
// slipping; those struck lean on the next, so that the angle of the foremost says all others'; the next is
// struck without bounce. Forces are passed on from contact to contact (friction too), which leaves one
// equation of motion. Angles in radians from upright, towards the fall. Times only: where a row comes to
// rest is not told.

import { gravity } from './scene.ts';

export interface DominoRow {
  readonly height: number;
  readonly thickness: number;
  /** Between neighbours, face to face. */
  readonly gap: number;
  /** Angle of the first one at the start; the others stand upright. */
  readonly tilt: number;
  readonly masses: readonly number[];
  readonly frictions: readonly number[];
}

/** Seconds of a step of the integration (midpoint rule), and after which a wave counts as stuck. */
const step = 2e-4;
const patience = 3;

/**
 * The dominoes that move, from the foremost back: how fast each turns by the foremost's speed, and its
 * share.
 */
interface Train {
  /** Angular acceleration of the foremost. */
  readonly acceleration: number;
  readonly rates: readonly number[];
  /** How much of a torque on this domino reaches the foremost. */
  readonly shares: readonly number[];
}

function inertia({ height, thickness, masses }: DominoRow, k: number): number {
  return (masses[k] * (height * height + thickness * thickness)) / 3;
}

function torque({ height, thickness, masses }: DominoRow, k: number, angle: number): number {
  return (masses[k] * gravity * (height * Math.sin(angle) - thickness * Math.cos(angle))) / 2;
}

function trainBehind(row: DominoRow, head: number, headAngle: number, headRate: number): Train {
  const { height, thickness, frictions } = row;
  const pitch = row.gap + thickness;
  const rates = [1];
  const shares = [1];
  let [angle, rate] = [headAngle, headRate];
  // Angular acceleration of a domino: its rate times the foremost's, and this.
  let forced = 0;
  let driving = torque(row, head, angle);
  let resisting = inertia(row, head);
  for (let k = head - 1; k >= 0; k--) {
    // An upper edge touches the next one's face: H sin(difference) = pitch cos(angle) - thickness.
    const sine = (pitch * Math.cos(angle) - thickness) / height;
    const reach = height * Math.sqrt(1 - sine * sine);
    const arm = reach - pitch * Math.sin(angle);
    const ratio = arm / reach;
    const turning = (ratio - 1) * rate;
    forced = ratio * forced
      + (height * sine * turning * turning - pitch * Math.cos(angle) * rate * rate) / reach;
    const friction = (frictions[k] + frictions[k + 1]) / 2;
    const passed = (arm - friction * thickness) / (reach + friction * height * sine);
    const share = shares[shares.length - 1] * passed;
    angle += Math.asin(sine);
    rate *= ratio;
    rates.push(rates[rates.length - 1] * ratio);
    shares.push(share);
    driving += share * (torque(row, k, angle) - inertia(row, k) * forced);
    resisting += share * inertia(row, k) * rates[rates.length - 1];
  }
  return { acceleration: driving / resisting, rates, shares };
}

/**
 * Speed of the next domino after the foremost strikes it: what the train passes on is kept, and nothing
 * bounces.
 */
function speedAfterStrike(row: DominoRow, head: number, angle: number, rate: number): number {
  const before = trainBehind(row, head, angle, rate);
  const after = trainBehind(row, head + 1, 0, 0);
  let passed = 0;
  let taken = inertia(row, head + 1);
  for (let k = 1; k < after.rates.length; k++) {
    const share = after.shares[k] * inertia(row, head + 1 - k);
    passed += share * before.rates[k - 1] * rate;
    taken += share * after.rates[k];
  }
  return passed / taken;
}

/**
 * When each domino passes an angle (smaller than that at which it strikes the next), in seconds; NaN if
 * never.
 */
export function passingTimes(row: DominoRow, mark: number): number[] {
  const times: number[] = row.masses.map(() => NaN);
  const strike = Math.asin(row.gap / row.height);
  let head = 0;
  let angle = row.tilt;
  let rate = 0;
  for (let time = 0; time < patience && rate >= 0; time += step) {
    if (Number.isNaN(times[head]) && angle >= mark) {
      times[head] = time;
      if (head === times.length - 1) break;
    }
    if (angle >= strike) {
      rate = speedAfterStrike(row, head, angle, rate);
      head++;
      angle = 0;
    }
    const { acceleration } = trainBehind(row, head, angle, rate);
    const middle = rate + (acceleration * step) / 2;
    angle += step * middle;
    rate += step * trainBehind(row, head, angle - (step * middle) / 2, middle).acceleration;
  }
  return times;
}
