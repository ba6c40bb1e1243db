// Standard normal numbers: Box-Muller on Philox. The WGSL kernel and the Python twin draw the same stream,
// equal up to the rounding of logarithm and cosine (not bit for bit: those differ between engines).

import { keyFromSeed, philox } from './random.ts';

/**
 * Normal numbers of one (seed, stream). Element 4 q + k comes from the Philox block with counter
 * [q, stream, 0, 0]: words 0 and 1 give k = 0 (cosine) and 1 (sine), words 2 and 3 give k = 2 and 3.
 * @param count how many; a longer request starts with the values of a shorter one
 * @returns Float32Array [count], mean 0, variance 1
 * @throws RangeError when the seed or the count is not a whole number in range
 */
export function normalArray(seed: number | bigint, stream: number, count: number): Float32Array<ArrayBuffer> {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`Cannot draw ${count} numbers.`);
  const key = keyFromSeed(seed);
  const out = new Float32Array(count);
  for (let q = 0; q * 4 < count; q++) {
    const words = philox([q, stream, 0, 0], key);
    for (let pair = 0; pair < 2; pair++) {
      const u1 = ((words[pair * 2] >>> 8) + 0.5) / 0x1000000;
      const u2 = ((words[pair * 2 + 1] >>> 8) + 0.5) / 0x1000000;
      const radius = Math.sqrt(-2 * Math.log(u1));
      const e = q * 4 + pair * 2;
      if (e < count) out[e] = radius * Math.cos(2 * Math.PI * u2);
      if (e + 1 < count) out[e + 1] = radius * Math.sin(2 * Math.PI * u2);
    }
  }
  return out;
}
