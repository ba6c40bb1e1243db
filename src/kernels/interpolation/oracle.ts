// Points on the paths of flow matching in f64, on flat arrays.

/**
 * z = noise + (data - noise) t, with the flow time t of each clip. data is [clips, ..] and times [clips]; of noise there
 * may be fewer clips, which are then gone through again.
 */
export function interpolateForward(
  data: ArrayLike<number>, noise: ArrayLike<number>, times: ArrayLike<number>,
): Float64Array {
  const elements = data.length / times.length;
  return Float64Array.from(data, (value, i) => {
    const from = noise[i % noise.length];
    return from + (value - from) * times[Math.floor(i / elements)];
  });
}
