// Counter-based random numbers: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011). The same counter and key give the same 128 bits in TypeScript, WGSL and Python, in any order and
// on any machine. Only integer arithmetic and exact divisions are used, so results are bit-identical between
// JavaScript engines. Not for cryptography.

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Upper 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const cross = aLow * bHigh + (middle % 0x10000);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)) >>> 0;
}

/**
 * One Philox 4x32-10 block.
 * @param counter four unsigned 32-bit words
 * @param key two unsigned 32-bit words
 * @returns four unsigned 32-bit words
 */
export function philox(counter: ArrayLike<number>, key: ArrayLike<number>): Uint32Array {
  let c0 = counter[0] >>> 0;
  let c1 = counter[1] >>> 0;
  let c2 = counter[2] >>> 0;
  let c3 = counter[3] >>> 0;
  let k0 = key[0] >>> 0;
  let k1 = key[1] >>> 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return Uint32Array.of(c0, c1, c2, c3);
}

/**
 * Splits a seed into the two words of a Philox key.
 * @param seed a non-negative integer below 2^64 (numbers: a safe integer)
 * @throws RangeError when the seed is negative, fractional or too large
 */
export function keyFromSeed(seed: number | bigint): [number, number] {
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
    throw new RangeError(`A seed must be a safe integer or a bigint, got ${seed}.`);
  }
  const wide = BigInt(seed);
  if (wide < 0n || wide >= 1n << 64n) {
    throw new RangeError(`A seed must lie in 0 .. 2^64 - 1, got ${wide}.`);
  }
  return [Number(wide & 0xffffffffn), Number(wide >> 32n)];
}

/**
 * A sequential reader of one Philox stream. Two readers with the same seed and stream give the same values.
 */
export class Random {
  private readonly key: [number, number];
  private readonly stream: number;
  private block = 0;
  private words: Uint32Array = new Uint32Array(4);
  private used = 4;

  constructor(seed: number | bigint, stream = 0) {
    this.key = keyFromSeed(seed);
    this.stream = stream >>> 0;
  }

  /** The next 32 random bits as an unsigned integer. */
  uint32(): number {
    if (this.used === 4) {
      this.words = philox([this.block, this.stream, 0, 0], this.key);
      this.block++;
      this.used = 0;
    }
    return this.words[this.used++];
  }

  /** A number in [low, high) made from 24 random bits. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * ((this.uint32() >>> 8) / 0x1000000);
  }

  /**
   * An integer in low .. highInclusive, without modulo bias.
   * @throws RangeError when the range is empty or wider than 2^32
   */
  integer(low: number, highInclusive: number): number {
    const span = highInclusive - low + 1;
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(span) || span < 1 || span > 0x100000000) {
      throw new RangeError(`Cannot draw an integer from ${low} .. ${highInclusive}.`);
    }
    const limit = 0x100000000 - (0x100000000 % span);
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return low + (word % span);
  }

  /** One element, each with the same probability. Throws RangeError on an empty array. */
  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new RangeError('Cannot pick from an empty array.');
    return items[this.integer(0, items.length - 1)];
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<Item>(items: readonly Item[]): Item[] {
    const copy = items.slice();
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      const kept = copy[i];
      copy[i] = copy[j];
      copy[j] = kept;
    }
    return copy;
  }
}
