/**
 * What a chart shows of a noisy series: the raw points, a trailing moving average, and the least and the most
 * within the same window. The window never looks ahead, so that a chart does not change its past.
 */
import type { Quantity } from '../../ui/line-chart.tsx';

/** How many steps the average and the band look back on. */
export const lookback = 12;

/** Average, low and high over the last `window` values up to each one; values that are not finite are left out. */
export function summaryOf(values: readonly number[], window: number) {
  const average: (number | null)[] = [];
  const low: (number | null)[] = [];
  const high: (number | null)[] = [];
  for (let index = 0; index < values.length; index++) {
    const near = values.slice(Math.max(0, index + 1 - window), index + 1).filter(Number.isFinite);
    average.push(near.length ? near.reduce((sum, value) => sum + value, 0) / near.length : null);
    low.push(near.length ? Math.min(...near) : null);
    high.push(near.length ? Math.max(...near) : null);
  }
  return { average, low, high };
}

/** A quantity ready to be drawn. */
export function quantityOf(name: string, colour: string, values: readonly number[]): Quantity {
  return { name, colour, raw: [...values], ...summaryOf(values, lookback) };
}
