// `npm run roofline`: what models of several sizes have a GPU do, kernel by kernel, and what that would take on GPUs
// that are not here. Arithmetic and bytes are those of the dispatches themselves; times are predictions.
import { writeFile } from 'node:fs/promises';
import { byKernel, predictedMilliseconds } from '../src/engine/roofline.ts';
import type { Machine } from '../src/engine/roofline.ts';
import type { DispatchWork } from '../src/engine/recorder.ts';
import type { CaptureWork } from '../src/learning/profile.ts';
import { nanoConfig, smallConfig } from '../src/model/config.ts';
import type { ModelConfig } from '../src/model/config.ts';
import { parameterShapes } from '../src/model/parameters.ts';
import { readFlags, runCommand } from './command-line.ts';
import type { Command } from './command-line.ts';
import { withHeadlessPage } from './headless/host.ts';
import { checkOutputFile } from './output-paths.ts';

/** Small with a transformer of 100 million parameters, which sees every latent: nobody has trained it. */
const largeConfig: ModelConfig = {
  ...smallConfig,
  size: '100M',
  transformer: { ...smallConfig.transformer, width: 768, heads: 12, mlp: 2048, blocks: 17, patch: 1 },
};
const configs = [nanoConfig, smallConfig, largeConfig];

/** Data sheets' f32 arithmetic (a multiply-add is two operations) and memory; dispatches one after another in a pass. */
const machines: readonly Machine[] = [
  { name: 'integrated (Iris Xe, 96 EU)', gflops: 2200, gigabytesPerSecond: 68, microsecondsPerDispatch: 10 },
  { name: 'laptop (RTX 4060)', gflops: 11_600, gigabytesPerSecond: 256, microsecondsPerDispatch: 5 },
  { name: 'data centre (H100 SXM)', gflops: 67_000, gigabytesPerSecond: 3350, microsecondsPerDispatch: 5 },
];
/** Shares of the roof that predictions are given for: no kernel can do better, and what careful ones reach. */
const shares = [1, 0.3];

const command: Command<'out'> = {
  invocation: 'npm run roofline --',
  summary: `Records a pair of clips and a preference step of models with random weights on WebGPU in headless Chromium,
counts what every kernel has to do and writes a Markdown file with predictions for other GPUs. Without a GPU it takes
about ten minutes, nearly all of them for the model of 100 million parameters.`,
  flags: { out: { value: 'FILE', help: 'Markdown file to write', default: 'docs/roofline.md' } },
};

function kernelTable(work: readonly DispatchWork[]): string[] {
  const rows = [...byKernel(work)].map(([kernel, items]) => ({
    kernel, dispatches: items.length,
    operations: items.reduce((sum, { operations }) => sum + operations, 0),
    bytes: items.reduce((sum, { bytes }) => sum + bytes, 0),
  })).toSorted((a, b) => b.bytes - a.bytes);
  return [
    '| kernel | dispatches | GFLOP | MB | FLOP a byte |', '|---|---:|---:|---:|---:|',
    ...rows.map(({ kernel, dispatches, operations, bytes }) => `| ${kernel} | ${dispatches} | `
      + `${operations > 0 ? (operations / 1e9).toFixed(3) : ''} | ${(bytes / 1e6).toFixed(1)} | `
      + `${operations > 0 ? (operations / bytes).toFixed(1) : ''} |`),
  ];
}

/** What is done for two clips, and for one preference step on one pair. */
function jobsOf({ sampler: { steps } }: ModelConfig, captures: readonly CaptureWork[]): [string, DispatchWork[]][] {
  const stepped = captures.find(({ name }) => name === 'training-step');
  const once = captures.filter((capture) => capture !== stepped);
  const repeats = (name: string) => (name.startsWith('velocity') ? steps : name === 'decode' ? 2 : 1);
  return [
    ['two clips', once.flatMap(({ name, dispatches }) => Array.from({ length: repeats(name) }, () => dispatches).flat())],
    ['preference step', [...(stepped?.dispatches ?? [])]],
  ];
}

function section(config: ModelConfig, captures: readonly CaptureWork[]): string[] {
  const count = [...parameterShapes(config).values()]
    .reduce((sum, shape) => sum + shape.reduce((product, length) => product * length, 1), 0);
  const { video, transformer } = config;
  const jobs = jobsOf(config, captures);
  return [
    `## ${config.size}`, '',
    `${(count / 1e6).toFixed(1)} M parameters, clips of ${video.frames} x ${video.height} x ${video.width}, transformer of `
    + `${transformer.blocks} blocks, width ${transformer.width}. GPU memory of the captures: ${captures
      .map(({ name, bytes }) => `${name} ${(bytes / 1e6).toFixed(0)} MB`).join(', ')}.`, '',
    `| predicted ms | ${machines.flatMap(({ name }) => shares.map((share) => `${name}, ${100 * share} %`)).join(' | ')} |`,
    `|---|${machines.flatMap(() => shares.map(() => '---:')).join('|')}|`,
    ...jobs.map(([name, work]) => `| ${name}: ${work.length} dispatches | ${machines.flatMap((machine) =>
      shares.map((share) => predictedMilliseconds(machine, work, share).toFixed(1))).join(' | ')} |`),
    ...jobs.flatMap(([name, work]) => ['', `### ${config.size}: ${name}`, '', ...kernelTable(work)]), '',
  ];
}

await runCommand(command.invocation, async () => {
  const flags = readFlags(command);
  if (!flags) return;
  checkOutputFile(flags.out);
  const sections: string[] = [];
  for (const config of configs) {
    const captures = await withHeadlessPage('/scripts/headless/index.html', 'physmaster',
      (page) => page.evaluate((asked) => window.physmaster!.work(asked), config));
    sections.push(...section(config, captures));
    process.stdout.write(`${config.size}: ${captures.map(({ name, dispatches }) => `${name} ${dispatches.length}`).join(', ')}\n`);
  }
  const text = [
    '# Roofline', '',
    'Written by `npm run roofline`. Nothing here was timed: arithmetic and bytes are counted from the dispatches that the '
    + 'studio records, times are **predictions** by', '',
    '    t = sum over dispatches of max(max(operations / P, bytes / W) / e, d)', '',
    'with a machine\'s f32 peak P and bandwidth W from its data sheet, the time d from one dispatch to the next, and the share '
    + 'e of the roof that kernels reach: 100 % is the bound, 30 % what careful WGSL reaches. Bytes are those of the tensors '
    + 'that a dispatch binds, each counted once; matrices that are not trained are f16. Operations are counted for products and convolutions; the rest is bound by '
    + 'bytes. The matrix units of newer GPUs are out of WebGPU\'s reach and are left out.', '',
    '| machine | TFLOP/s | GB/s | FLOP a byte at the ridge | µs a dispatch |', '|---|---:|---:|---:|---:|',
    ...machines.map(({ name, gflops, gigabytesPerSecond, microsecondsPerDispatch }) => `| ${name} | ${gflops / 1000} | `
      + `${gigabytesPerSecond} | ${(gflops / gigabytesPerSecond).toFixed(0)} | ${microsecondsPerDispatch} |`), '',
    ...sections,
  ].join('\n');
  await writeFile(flags.out!, text);
});
