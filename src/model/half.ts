// Half precision (IEEE 754 binary16), the storage format of weights. Values travel as the 16 bits of each number.

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** The 16 bits of a number, rounded to the nearest half (ties to even); beyond 65504 it becomes infinite. */
export function halfFromNumber(value: number): number {
  float[0] = value;
  const bits = word[0];
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal halves are multiples of 2^-24; the value is below 2^-14, so the product is exact in f64.
    const scaled = Math.abs(float[0]) * 0x1000000;
    const low = Math.floor(scaled);
    const rest = scaled - low;
    return sign | (rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** The number that 16 bits stand for. */
export function numberFromHalf(bits: number): number {
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const sign = (bits & 0x8000) << 16;
  if (exponent === 0) {
    const value = fraction / 0x1000000;
    return sign ? -value : value;
  }
  word[0] = (sign | (exponent === 31 ? 0x7f800000 : (exponent + 112) << 23) | (fraction << 13)) >>> 0;
  return float[0];
}

/** Rounds [n] f32 numbers to halves. */
export function halvesFromFloats(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = halfFromNumber(values[i]);
  return out;
}

/** Widens [n] halves to f32, exactly. */
export function floatsFromHalves(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(bits.length);
  for (let i = 0; i < out.length; i++) out[i] = numberFromHalf(bits[i]);
  return out;
}
