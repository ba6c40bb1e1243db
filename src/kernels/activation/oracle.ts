// silu and gelu and their derivatives in f64, elementwise on flat arrays.
//
// silu(x) = x sigmoid(x) (Ramachandran et al., arXiv:1710.05941). gelu is the tanh approximation of Hendrycks
// and Gimpel (arXiv:1606.08415), written as x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3).

export type Activation = 'silu' | 'gelu';

/** Factor of the inner function of gelu, so that sigmoid may take the place of tanh. */
export const twice = 2 * Math.sqrt(2 / Math.PI);
/** Coefficient of x^3 in gelu. */
export const cubic = 0.044715;

function innerOf(kind: Activation, x: number): number {
  return kind === 'silu' ? x : twice * (x + cubic * x * x * x);
}

function innerSlope(kind: Activation, x: number): number {
  return kind === 'silu' ? 1 : twice * (1 + 3 * cubic * x * x);
}

/** y[i] = f(x[i]). */
export function activationForward(kind: Activation, x: ArrayLike<number>): Float64Array {
  return Float64Array.from(x, (value) => value / (1 + Math.exp(-innerOf(kind, value))));
}

/** dx[i] = dy[i] f'(x[i]). */
export function activationGradient(
  kind: Activation,
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
): Float64Array {
  return Float64Array.from(x, (value, i) => {
    const decay = Math.exp(-Math.abs(innerOf(kind, value)));
    const gate = (innerOf(kind, value) >= 0 ? 1 : decay) / (1 + decay);
    const product = decay / ((1 + decay) * (1 + decay));
    // Far out the product is 0 while the slope may overflow.
    const tail = product === 0 ? 0 : value * product * innerSlope(kind, value);
    return dy[i] * (gate + tail);
  });
}
