/**
 * The flow times of draws. The path between noise and data: kernels/interpolation; the error of a velocity:
 * kernels/losses.
 */
import { Random } from '../math/random.ts';

/**
 * Flow time of one draw, logit-normal as in pretraining: sigmoid of a standard normal.
 * The draw is a pure function of (seed, draw), so that a resumed run draws what an uninterrupted one would.
 */
export function drawTime(seed: number, draw: number): number {
  const random = new Random(seed, draw);
  const radius = Math.sqrt(-2 * Math.log((random.uint32() + 0.5) / 0x100000000));
  const normal = radius * Math.cos(2 * Math.PI * random.uniform());
  return 1 / (1 + Math.exp(-normal));
}
