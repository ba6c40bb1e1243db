// `npm run bench`: ours beside stock tfjs, jax-js and onnxruntime-web on the same work, on the GPU and on the processor,
// in one run.

import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { oneOf, readFlags, runCommand, wholeNumber } from '../scripts/command-line.ts';
import type { Command } from '../scripts/command-line.ts';
import { withHeadlessPage } from '../scripts/headless/host.ts';
import { checkOutputFile } from '../scripts/output-paths.ts';
import { variants } from '../src/kernels/variants.ts';
import { brief, markdown, table, workNames } from './work.ts';
import type { Row } from './work.ts';

const command: Command<'json' | 'markdown' | 'repetitions' | 'works' | 'variant' | 'size'> = {
  invocation: 'npm run bench --',
  summary: `Times kernels, a transformer block, the generator, a training step and a pair of clips, ours, in stock
tfjs, in jax-js (all but the clips) and in onnxruntime-web (forward, all but the clips), in headless Chromium.`,
  flags: {
    json: { value: 'FILE', help: 'write {adapter, peakGflops, cores, date, rows} here', optional: true },
    markdown: { value: 'FILE', help: 'write a Markdown table here, ours beside the others', optional: true },
    repetitions: { value: 'N', help: 'timed runs of each implementation; the median counts', default: '5' },
    works: { value: 'A,B', help: 'only these works; all unless given', optional: true },
    variant: { value: 'V', help: `our kernels': ${variants.join(', ')}, or auto`, default: 'auto' },
    size: { value: 'SIZE', help: 'model of the block, the generator, dpo-step and clip-pair: nano, small, tiny', default: 'nano' },
  },
  notes: `Works: ${workNames.slice(0, 5).join(', ')},
${workNames.slice(5, 11).join(', ')},
${workNames.slice(11).join(', ')}.

Implementations: ours, tfjs-webgpu, jax-webgpu and onnx-webgpu on the GPU; ours-wasm, tfjs-wasm, jax-wasm and
onnx-wasm on the processor, which the studio uses where there is no GPU. Each is checked before any is timed,
and the runs of one work are interleaved; what takes less than 40 ms is run several times in a row, and the
mean counts as one run. On a GPU the variants of our kernels are measured first, as the studio does, and it
works for a tenth of a second before each timing: one that has waited is slow. Errors
are the largest absolute differences from the f64 oracle; for block and generator from stock tfjs, for
dpo-step that of the first loss from ln 2, for clip-pair that of pixel values (0 to 255) between ours and
stock tfjs. Who is off by more than rounding explains is marked wrong. dpo-step-javascript is what JavaScript
does to issue a step, without waiting for the GPU: a replay, beside the eager step; not interleaved, and a run is
the median of up to nine. captures: GPU memory of what is replayed. of peak: GFLOP/s beside what the adapter
reaches in a loop of products and sums, which is timed between the repetitions; the median of both. Exits with 1
when there is no WebGPU adapter or a result of ours is wrong.

Rows of the JSON: {work, shape, implementation, milliseconds, gflops, peakGflops, maxError}, wrong where it is, and
captureBytes where there are captures.`,
};

await runCommand(command.invocation, async () => {
  const flags = readFlags(command);
  if (!flags) return;
  const repetitions = wholeNumber('repetitions', flags.repetitions, 1, 1000);
  const variant = oneOf('variant', flags.variant, ['auto', ...variants]);
  const size = oneOf('size', flags.size, ['nano', 'small', 'tiny'] as const);
  const wanted = flags.works === undefined
    ? workNames
    : flags.works.split(',').map((name) => oneOf('works', name.trim(), workNames));
  checkOutputFile(flags.json);
  checkOutputFile(flags.markdown);
  const report = await withHeadlessPage('bench/bench.html', 'physmasterBench', async (page) => {
    const opened = await page.evaluate(() => window.physmasterBench!.open());
    process.stderr.write(`adapter: ${opened.adapter}, at most ${opened.peakGflops.toFixed(1)} GFLOP/s\n`);
    const rows: Row[] = [];
    for (const name of wanted) {
      process.stderr.write(`${name}\n`);
      const added = await page.evaluate(
        ([work, request]) => window.physmasterBench!.run(work, request),
        [name, { repetitions, variant, size }] as const,
      );
      process.stderr.write(`${added.map(brief).join('\n')}\n`);
      rows.push(...added);
    }
    return { ...opened, cores: availableParallelism(), date: new Date().toISOString(), rows };
  });
  // First to where nothing can go wrong.
  process.stdout.write(`${table(report.rows)}\n`);
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(report, null, 2)}\n`);
  if (flags.markdown !== undefined) await writeFile(flags.markdown, markdown(report));
});
