// What a benchmark is made of: a piece of work, who does it, and the rows that come out. No tensors here, so
// that the command and the page share it.

/** One line of the result. */
export interface Row {
  work: string;
  shape: string;
  implementation: string;
  /** Median over the repetitions. */
  milliseconds: number;
  /** Arithmetic of the work over the median; 0 where it is not counted. */
  gflops: number;
  /** Largest absolute difference from the reference (the f64 oracle where there is one). */
  maxError: number;
}

/** One contestant. */
export interface Implementation {
  name: string;
  /** Does the work once, all but waiting for the GPU. */
  run(): void | Promise<void>;
  /** Does the work once and returns the largest absolute difference from the reference. */
  check(): Promise<number>;
  /** Errors above it make the benchmark fail; absent for implementations that are not ours. */
  allowedError?: number;
  /** Frees what was made for it. */
  dispose?(): void;
}

/** Work ready to run: everything is uploaded, references are computed. */
export interface Prepared {
  shape: string;
  /** Floating-point operations of one run. */
  operations: number;
  implementations: Implementation[];
}

/** A piece of work by name. */
export interface Work {
  name: string;
  prepare(): Promise<Prepared>;
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The rows as a table for people, with the ratio to the slowest implementation of the same work. */
export function table(rows: readonly Row[]): string {
  const slowest = (row: Row): number =>
    Math.max(...rows.filter(({ work }) => work === row.work).map(({ milliseconds }) => milliseconds));
  const lines = rows.map((row) => [
    row.work,
    row.shape,
    row.implementation,
    row.milliseconds.toFixed(row.milliseconds < 100 ? 2 : 0),
    row.gflops > 0 ? row.gflops.toFixed(2) : '',
    `${(slowest(row) / row.milliseconds).toFixed(1)}x`,
    row.maxError.toExponential(1),
  ]);
  const head = ['work', 'shape', 'implementation', 'ms', 'GFLOP/s', 'faster', 'max error'];
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i].length)));
  const left = 3;
  return [head, ...lines]
    .map((line) => line.map((cell, i) => (i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
    .join('\n');
}
