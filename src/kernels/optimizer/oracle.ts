// AdamW (Loshchilov and Hutter, arXiv:1711.05101, algorithm 2) and clipping by the global norm, in f64.

/** Everything about a step but the gradient. */
export interface AdamwOptions {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}

/** Usual values; the learning rate is the caller's. */
export const adamwDefaults = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 } as const;

/** Length of a settings vector. */
export const settingsLength = 9;

/**
 * The settings vector [9] that a step reads: learning rate, beta1, 1 - beta1, beta2, 1 - beta2, epsilon,
 * weight decay and the two bias corrections. `step` counts from 1. Throws RangeError for a step below 1.
 */
export function adamwSettings(options: AdamwOptions, step: number): Float32Array<ArrayBuffer> {
  if (!Number.isInteger(step) || step < 1) {
    throw new RangeError(`AdamW counts its steps from 1, got ${step}.`);
  }
  const { learningRate, beta1, beta2, epsilon, weightDecay } = options;
  return Float32Array.of(
    learningRate,
    beta1,
    1 - beta1,
    beta2,
    1 - beta2,
    epsilon,
    weightDecay,
    1 / (1 - beta1 ** step),
    1 / (1 - beta2 ** step),
  );
}

interface State<Values> {
  parameter: Values;
  first: Values;
  second: Values;
}

/** One step from a settings vector: the next parameter and moments; the arguments are left as they are. */
export function adamwStep(
  state: State<ArrayLike<number>>,
  gradient: ArrayLike<number>,
  settings: ArrayLike<number>,
  gradientScale: number,
): State<Float64Array> {
  const count = gradient.length;
  const next = {
    parameter: new Float64Array(count),
    first: new Float64Array(count),
    second: new Float64Array(count),
  };
  for (let i = 0; i < count; i++) {
    const g = gradient[i] * gradientScale;
    const m = settings[1] * state.first[i] + settings[2] * g;
    const v = settings[3] * state.second[i] + settings[4] * g * g;
    const change = (m * settings[7]) / (Math.sqrt(v * settings[8]) + settings[5]);
    next.first[i] = m;
    next.second[i] = v;
    next.parameter[i] = state.parameter[i] - settings[0] * (change + settings[6] * state.parameter[i]);
  }
  return next;
}

/** The norm over all gradients together, and the factor min(1, maximum / norm); 0 clips nothing. */
export function clipByGlobalNorm(
  gradients: ArrayLike<number>[],
  maximum: number,
): { factor: number; norm: number } {
  let sum = 0;
  for (const gradient of gradients) {
    for (let i = 0; i < gradient.length; i++) {
      sum += gradient[i] * gradient[i];
    }
  }
  const norm = Math.sqrt(sum);
  return { norm, factor: maximum > 0 && norm > maximum ? maximum / norm : 1 };
}
