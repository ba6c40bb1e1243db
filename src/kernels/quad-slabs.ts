// How the quad variants' rows are shared among workgroups. What stands still in a thread is filled anew for every slab,
// which takes as long as some twenty rows; a processor needs no more workgroups than keep its cores busy.

/** Slabs that `rows` come in where each is walked past `tiles` of what stands still. */
export function slabsFor(tiles: number, rows: number): number {
  return Math.max(1, Math.min(Math.ceil(8 / tiles), Math.floor(rows / 64)));
}
