// The modulations of a block and their gradients in f64: shared [B, P C], table [P C] -> P parts [B, C], flat
// arrays.

/** Parts of a block's modulation: shift, scale and gate for attention, then for the MLP. */
export const modulationParts = 6;

export interface ModulationShape {
  batch: number;
  channels: number;
}

/** The parts of shared + table. */
export function modulationForward(
  shared: ArrayLike<number>,
  table: ArrayLike<number>,
  { batch, channels }: ModulationShape,
): Float64Array[] {
  const across = modulationParts * channels;
  return Array.from({ length: modulationParts }, (_, part) =>
    Float64Array.from({ length: batch * channels }, (__, i) => {
      const column = part * channels + (i % channels);
      return shared[Math.floor(i / channels) * across + column] + table[column];
    }),
  );
}

/** Gradient to shared, [B, P C]: the parts' gradients side by side. */
export function modulationSharedGradient(
  gradients: readonly ArrayLike<number>[],
  { batch, channels }: ModulationShape,
): Float64Array {
  const across = modulationParts * channels;
  return Float64Array.from({ length: batch * across }, (_, i) => {
    const column = i % across;
    return gradients[Math.floor(column / channels)][Math.floor(i / across) * channels + (column % channels)];
  });
}

/** Gradient to the table, [P C]: that to shared, summed over the batch. */
export function modulationTableGradient(
  gradients: readonly ArrayLike<number>[],
  shape: ModulationShape,
): Float64Array {
  const across = modulationParts * shape.channels;
  const sums = new Float64Array(across);
  modulationSharedGradient(gradients, shape).forEach((value, i) => (sums[i % across] += value));
  return sums;
}
