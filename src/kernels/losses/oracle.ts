// Velocity errors, the preference loss and their gradients in f64, on flat arrays.

/** Clips of `elements` numbers each. */
export interface ClipsShape {
  clips: number;
  elements: number;
}

/** log(1 + e^x). */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/**
 * Of every clip the mean over its elements of (velocity - (data - noise))^2, [clips]. Of noise there may be fewer clips,
 * which are then gone through again.
 */
export function velocityErrorsForward(
  velocity: ArrayLike<number>, data: ArrayLike<number>, noise: ArrayLike<number>, { clips, elements }: ClipsShape,
): Float64Array {
  const errors = new Float64Array(clips);
  for (let i = 0; i < clips * elements; i++) {
    errors[Math.floor(i / elements)] += (velocity[i] - (data[i] - noise[i % noise.length])) ** 2 / elements;
  }
  return errors;
}

/** The gradient to the velocity. */
export function velocityErrorsGradient(
  velocity: ArrayLike<number>, data: ArrayLike<number>, noise: ArrayLike<number>, dy: ArrayLike<number>,
  { elements }: ClipsShape,
): Float64Array {
  return Float64Array.from(velocity, (value, i) =>
    (2 / elements) * dy[Math.floor(i / elements)] * (value - (data[i] - noise[i % noise.length])));
}

/**
 * The loss, the mean over pairs of softplus(x), x = halfBeta ((policy - reference) of the chosen - that of the rejected),
 * and its slopes to the policy's errors. policy, reference and slopes [2 pairs], chosen clips first.
 */
export function preferenceLossForward(
  policy: ArrayLike<number>, reference: ArrayLike<number>, halfBeta: number,
): { loss: number; slopes: Float64Array } {
  const pairs = policy.length / 2;
  const slopes = new Float64Array(2 * pairs);
  let loss = 0;
  for (let p = 0; p < pairs; p++) {
    const chosen = policy[p] - reference[p];
    const rejected = policy[pairs + p] - reference[pairs + p];
    const x = halfBeta * (chosen - rejected);
    loss += softplus(x) / pairs;
    slopes[p] = halfBeta / pairs / (1 + Math.exp(-x));
    slopes[pairs + p] = -slopes[p];
  }
  return { loss, slopes };
}
