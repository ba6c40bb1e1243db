// out = x + gate y and its gradients in f64: x, y, out [B, L, C], gate [B, C], flat arrays.

export interface GatedShape {
  batch: number;
  tokens: number;
  channels: number;
}

/** x + gate y. */
export function gatedAddForward(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  gate: ArrayLike<number>,
  { tokens, channels }: GatedShape,
): Float64Array {
  return Float64Array.from(x, (value, i) => {
    const batch = Math.floor(i / (tokens * channels));
    return value + gate[batch * channels + (i % channels)] * y[i];
  });
}

/** Gradient to y: gate dout. The gradient to x is dout itself. */
export function gatedAddValueGradient(
  dout: ArrayLike<number>,
  gate: ArrayLike<number>,
  { tokens, channels }: GatedShape,
): Float64Array {
  return Float64Array.from(dout, (value, i) => {
    const batch = Math.floor(i / (tokens * channels));
    return gate[batch * channels + (i % channels)] * value;
  });
}

/** Gradient to the gate: the sum of dout y over the tokens, [B, C]. */
export function gatedAddGateGradient(
  dout: ArrayLike<number>,
  y: ArrayLike<number>,
  { batch, tokens, channels }: GatedShape,
): Float64Array {
  const dgate = new Float64Array(batch * channels);
  for (let i = 0; i < dout.length; i++) {
    dgate[Math.floor(i / (tokens * channels)) * channels + (i % channels)] += dout[i] * y[i];
  }
  return dgate;
}
