// Standard normal numbers from Philox in f64: the stream that the shader, src/math/normal.ts and the Python
// twin share. Element 4 q + k comes from the block with counter [q, stream, 0, 0].

import { philox } from '../../math/random.ts';

/** Raw words of the stream, [count] unsigned integers; key = (seed low, seed high, stream). */
export function philoxWords(key: ArrayLike<number>, count: number): Uint32Array {
  const out = new Uint32Array(count);
  for (let q = 0; q * 4 < count; q++) {
    const block = philox([q, key[2] >>> 0, 0, 0], [key[0] >>> 0, key[1] >>> 0]);
    out.set(block.subarray(0, Math.min(4, count - q * 4)), q * 4);
  }
  return out;
}

/** Normal numbers [count]: Box-Muller on words (0, 1) and (2, 3) of each block. */
export function normalValues(key: ArrayLike<number>, count: number): Float64Array {
  const words = philoxWords(key, Math.ceil(count / 4) * 4);
  return Float64Array.from({ length: count }, (_, e) => {
    const first = e - (e % 2);
    const u1 = ((words[first] >>> 8) + 0.5) / 2 ** 24;
    const u2 = ((words[first + 1] >>> 8) + 0.5) / 2 ** 24;
    const radius = Math.sqrt(-2 * Math.log(u1));
    return radius * (e % 2 === 0 ? Math.cos(2 * Math.PI * u2) : Math.sin(2 * Math.PI * u2));
  });
}
