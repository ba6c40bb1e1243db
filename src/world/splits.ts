// Which scenes belong to which split, and which combinations of attributes Stage I never sees. Every value of
// every attribute occurs on both sides of the rule: only the combinations differ, so that `unseen` tests the
// physics of new combinations, not new colours. `out-of-range` goes beyond the bins of training: smaller, larger,
// higher, more. Imports nothing.

export const shapes = ['sphere', 'box', 'cylinder', 'capsule', 'cone'] as const;
export const materialNames = ['rubber', 'plastic', 'wood', 'metal', 'foam', 'clay'] as const;
export const supports = ['floor', 'block'] as const;
export const splits = ['wide', 'train', 'seen', 'unseen', 'out-of-range'] as const;

export type Shape = (typeof shapes)[number];
export type MaterialName = (typeof materialNames)[number];
export type Support = (typeof supports)[number];
export type Split = (typeof splits)[number];

/** What a dropped object is combined from; size and height are bins 0 (small, low) .. 2 (large, high), -1 beyond. */
export interface Combination {
  shape: Shape;
  material: MaterialName;
  sizeBin: number;
  heightBin: number;
  support: Support;
}

/** How many combinations there are: 5 shapes, 6 materials, 3 sizes, 3 heights, 2 supports. */
export const combinationCount = shapes.length * materialNames.length * 3 * 3 * supports.length;

/** A combination as one integer in 0 .. combinationCount - 1. */
export function combinationCode(c: Combination): number {
  const material = shapes.indexOf(c.shape) * materialNames.length + materialNames.indexOf(c.material);
  return ((material * 3 + c.sizeBin) * 3 + c.heightBin) * supports.length + supports.indexOf(c.support);
}

/** The rule of every family: a quarter of all combinations of bins, each value of each factor on both sides. */
export function areHeldOut(bins: readonly number[]): boolean {
  return bins.reduce((sum, bin) => sum + bin, 0) % 4 === 0;
}

/** Whether a combination of bins may occur in a split; a bin of -1 is beyond those of training. */
export function binsAllowedIn(split: Split, bins: readonly number[]): boolean {
  if (bins.some((bin) => bin < 0)) return split === 'out-of-range';
  if (split === 'out-of-range') return false;
  if (split === 'wide') return true;
  return areHeldOut(bins) === (split === 'unseen');
}

function binsOf({ shape, material, sizeBin, heightBin, support }: Combination): number[] {
  return [shapes.indexOf(shape), materialNames.indexOf(material), sizeBin, heightBin, supports.indexOf(support)];
}

/** True for the quarter of all combinations that Stage I (splits `train` and `seen`) never contains. */
export function isHeldOut(c: Combination): boolean {
  return areHeldOut(binsOf(c));
}

/** Whether a dropped object with this combination may occur in the split. */
export function allowedIn(split: Split, c: Combination): boolean {
  return binsAllowedIn(split, binsOf(c));
}

/**
 * The Philox stream of one attempt at a scene. Splits and families never share a stream, so scene 7 of `train` and
 * scene 7 of `seen` have nothing in common. Attempts count the redraws of a scene that was refused.
 */
export function sceneStream(split: Split, attempt: number, familyNumber = 0): number {
  return 0x46000000 + familyNumber * 0x100000 + splits.indexOf(split) * 0x10000 + attempt;
}
