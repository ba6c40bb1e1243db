// What a family of scenes varies: each factor has bins that training knows and ranges beyond them. Which
// combinations of bins a split may have is the rule of splits.ts.

import type { Random } from '../math/random.ts';
import { binsAllowedIn, type Split } from './splits.ts';

export type Range = readonly [number, number];

export interface Factor {
  readonly bins: readonly Range[];
  /** Where out-of-range values come from; a factor without them stays within its bins. */
  readonly beyond?: readonly Range[];
}

/** A factor whose values are names or numbers of things: bin i is the value i. */
export function choice(count: number): Factor {
  return { bins: Array.from({ length: count }, (_, i) => [i, i] as const) };
}

export interface Drawn<Name extends string> {
  readonly bins: Record<Name, number>;
  readonly values: Record<Name, number>;
}

/**
 * Draws a bin and a value of every factor, allowed in the split. In `out-of-range` one factor lies beyond its
 * bins.
 */
export function drawFactors<Name extends string>(
  random: Random, split: Split, factors: Readonly<Record<Name, Factor>>,
): Drawn<Name> {
  const names = Object.keys(factors) as Name[];
  const stretchable = names.filter((name) => factors[name].beyond);
  for (;;) {
    const beyond = split === 'out-of-range' ? random.pick(stretchable) : null;
    const bins = {} as Record<Name, number>;
    const values = {} as Record<Name, number>;
    for (const name of names) {
      const factor = factors[name];
      bins[name] = name === beyond ? -1 : random.integer(0, factor.bins.length - 1);
      const [low, high] = name === beyond ? random.pick(factor.beyond ?? []) : factor.bins[bins[name]];
      values[name] = low === high ? low : random.uniform(low, high);
    }
    if (binsAllowedIn(split, names.map((name) => bins[name]))) return { bins, values };
  }
}
