// What a benchmark is made of: a piece of work, who does it, and the rows that come out. No tensors here, so
// that the command and the page share it.

import { textTable } from '../scripts/text-table.ts';

/** Every work, in the order in which they run. */
export const workNames = [
  'matmul', 'attention-forward', 'attention-forward-backward', 'layer-norm-forward', 'layer-norm-forward-backward',
  'conv2d-forward', 'conv2d-gradients', 'conv3d-forward', 'conv3d-gradients', 'block-forward', 'block-forward-backward',
  'generator-forward', 'dpo-step', 'dpo-step-javascript', 'clip-pair',
] as const;
export type WorkName = (typeof workNames)[number];

/** One line of the result. */
export interface Row {
  work: WorkName;
  shape: string;
  implementation: string;
  /** Median over the repetitions. */
  milliseconds: number;
  /** Arithmetic of the work over the median; 0 where it is not counted. */
  gflops: number;
  /** What the adapter's multiply-add loop reached between these repetitions, the median; absent on the processor. */
  peakGflops?: number;
  /** Largest absolute difference from the reference (the f64 oracle where there is one). */
  maxError: number;
  /** Whether that is more than rounding explains: its time is not that of the work. */
  wrong?: true;
  /** GPU bytes of the captures that it replays; absent for what is not captured. */
  captureBytes?: number;
}

/** tfjs's backend that an implementation runs on. */
export type BackendName = 'webgpu' | 'wasm';

/** One contestant. What it does runs with its backend active. */
export interface Implementation {
  name: string;
  backend: BackendName;
  /** Does the work once, all but waiting for the GPU. */
  run(): void | Promise<void>;
  /** Does the work once and returns the largest absolute difference from the reference. */
  check(): Promise<number>;
  /** What rounding explains. Above it the benchmark fails when the implementation is ours, and else says that it is wrong. */
  allowedError: number;
  /** GPU bytes of its captures, once it has run. */
  captureBytes?(): number;
  /** Frees what was made for it. */
  dispose?(): void;
}

/** Work ready to run: everything is uploaded, references are computed. */
export interface Prepared {
  shape: string;
  /** Floating-point operations of one run. */
  operations: number;
  /** What is timed: until the GPU has finished (the default), or until run() returns. */
  until?: 'finished' | 'returned';
  implementations: Implementation[];
}

/** A piece of work by name. */
export interface Work {
  name: WorkName;
  prepare(): Promise<Prepared>;
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The largest absolute value. */
export function largestValue(values: ArrayLike<number>): number {
  let size = 0;
  for (let i = 0; i < values.length; i++) size = Math.max(size, Math.abs(values[i]));
  return size;
}

/** The largest absolute difference; a NaN counts as an infinite one. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let error = 0;
  for (let k = 0; k < expected.length; k++) {
    const difference = Math.abs(actual[k] - expected[k]);
    error = difference <= error ? error : Number.isNaN(difference) ? Infinity : difference;
  }
  return error;
}

/** Milliseconds with about three digits. */
function figure(milliseconds: number): string {
  return milliseconds.toFixed(milliseconds < 100 ? 2 : 0);
}

/** Ours are told by their names. */
export function isOurs({ name }: Pick<Implementation, 'name'>): boolean {
  return name.startsWith('ours');
}

/** A row in a few words, for watching a run. */
export function brief({ implementation, milliseconds, wrong }: Row): string {
  return `  ${implementation} ${figure(milliseconds)} ms${wrong ? ', wrong' : ''}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What a run measured. */
export interface Report {
  adapter: string;
  /** What the adapter's multiply-add loop reached at best before the run, in 1e9 operations a second. */
  peakGflops: number;
  date: string;
  rows: readonly Row[];
}

/** A row's share of the peak; nothing where it has none or its arithmetic is not counted. */
function shareOfPeak({ gflops, peakGflops }: Row): string {
  return peakGflops !== undefined && gflops > 0 ? `${(100 * gflops / peakGflops).toFixed(0)} %` : '';
}

/** The rows as a table for people, with the ratio to the slowest implementation of the same work. */
export function table(rows: readonly Row[]): string {
  const slowest = (row: Row): number =>
    Math.max(...rows.filter(({ work }) => work === row.work).map(({ milliseconds }) => milliseconds));
  const lines = rows.map((row) => [
    row.work,
    row.shape,
    row.implementation,
    figure(row.milliseconds),
    row.gflops > 0 ? row.gflops.toFixed(2) : '',
    shareOfPeak(row),
    `${(slowest(row) / row.milliseconds).toFixed(1)}x`,
    `${row.maxError.toExponential(1)}${row.wrong ? ', wrong' : ''}`,
    row.captureBytes === undefined ? '' : megabytes(row.captureBytes),
  ]);
  const head = ['work', 'shape', 'implementation', 'ms', 'GFLOP/s', 'of peak', 'faster', 'max error', 'captures'];
  return textTable(head, lines, 3);
}

/** Ours on the backend that an implementation is compared on. */
function ourNameBeside(implementation: string): string {
  return implementation.endsWith('wasm') ? 'ours-wasm' : 'ours';
}

/**
 * A report as a Markdown table, a work a line and an implementation a column; of the others' times the ratio to
 * ours on the same backend.
 */
export function markdown({ adapter, peakGflops, date, rows }: Report): string {
  const names = [...new Set(rows.map(({ implementation }) => implementation))];
  const lines = [...new Set(rows.map(({ work }) => work))].map((work) => {
    const find = (name: string) => rows.find((row) => row.work === work && row.implementation === name);
    const cells = names.map((name) => {
      const row = find(name);
      if (!row) return '';
      if (row.wrong) return 'wrong result';
      const ours = find(ourNameBeside(name));
      const ratio = ours && ours !== row ? ` (${(row.milliseconds / ours.milliseconds).toFixed(1)}x)` : '';
      return `${figure(row.milliseconds)} ms${ratio}`;
    });
    const ours = find('ours');
    const bytes = ours?.captureBytes;
    const shape = rows.find((row) => row.work === work)?.shape ?? '';
    return [work, shape, ...cells, ours ? shareOfPeak(ours) : '', bytes === undefined ? '' : megabytes(bytes)];
  });
  const head = ['work', 'shape', ...names, 'ours of peak', 'captures'];
  const rule = ['---', '---', ...head.slice(2).map(() => '--:')];
  const table = [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return `${table}\n\nMedians on ${adapter} (at most ${peakGflops.toFixed(1)} GFLOP/s), ${date.slice(0, 10)}.\n`;
}
