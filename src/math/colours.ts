// Colours that a shadow or more light changes: RGB in any unit.

/**
 * Distance of a colour to the nearest multiple of colour `at` of an array, the factor within limits.
 */
export function distanceToShades(
  red: number, green: number, blue: number, colours: ArrayLike<number>, at: number, low: number, high: number,
): number {
  const r = colours[at];
  const g = colours[at + 1];
  const b = colours[at + 2];
  const square = r * r + g * g + b * b;
  let scale = square > 0 ? (red * r + green * g + blue * b) / square : low;
  if (scale < low) scale = low;
  else if (scale > high) scale = high;
  const dr = red - scale * r;
  const dg = green - scale * g;
  const db = blue - scale * b;
  return Math.sqrt(dr * dr + dg * dg + db * db);
}
