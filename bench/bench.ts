// `npm run bench`: ours beside stock tfjs-webgpu on the same work, in one run on one device.

import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { oneOf, readFlags, runCommand, UsageError, wholeNumber } from '../scripts/command-line.ts';
import type { Command } from '../scripts/command-line.ts';
import { withHeadlessPage } from '../scripts/headless/host.ts';
import { table } from './work.ts';
import type { Row } from './work.ts';

const command: Command<'json' | 'repetitions' | 'works' | 'variant' | 'size'> = {
  invocation: 'npm run bench --',
  summary: 'Times kernels, a training step and a pair of clips, ours and in stock tfjs-webgpu, in headless Chromium.',
  flags: {
    json: { value: 'FILE', help: 'write {adapter, cores, date, rows} here', optional: true },
    repetitions: { value: 'N', help: 'timed runs of each implementation; the median counts', default: '5' },
    works: { value: 'A,B', help: 'only these works', optional: true },
    variant: { value: 'V', help: "our kernels' variant: register, staged, general, or auto", default: 'auto' },
    size: { value: 'SIZE', help: 'model of dpo-step and clip-pair: nano, or tiny for a quick look', default: 'nano' },
  },
  notes:
    'Each implementation is checked before any is timed; the runs of one work are interleaved. Errors are the\n' +
    'largest absolute differences from the f64 oracle; for dpo-step that of the first loss from ln 2, for\n' +
    'clip-pair that of pixel values (0 to 255) between ours and stock tfjs. Exits with 1 when there is no WebGPU\n' +
    'adapter or a result of ours is wrong.',
};

await runCommand(command.invocation, async () => {
  const flags = readFlags(command);
  if (!flags) return;
  const repetitions = wholeNumber('repetitions', flags.repetitions, 1, 1000);
  const variant = oneOf('variant', flags.variant, ['auto', 'register', 'staged', 'general']);
  const size = oneOf('size', flags.size, ['nano', 'tiny'] as const);
  const report = await withHeadlessPage('bench/bench.html', async (page) => {
    await page.waitForFunction(() => window.physmasterBench !== undefined);
    const adapter = await page.evaluate(() => window.physmasterBench?.open());
    const known = (await page.evaluate(() => window.physmasterBench?.works())) ?? [];
    const wanted = flags.works?.split(',') ?? known;
    const unknown = wanted.find((name) => !known.includes(name));
    if (unknown !== undefined) throw new UsageError(`--works: there is no ${unknown}; known are ${known.join(', ')}.`);
    process.stderr.write(`adapter: ${adapter}\n`);
    const rows: Row[] = [];
    for (const name of wanted) {
      process.stderr.write(`${name}\n`);
      const added = await page.evaluate(
        ([work, request]) => window.physmasterBench?.run(work, request),
        [name, { repetitions, variant, size }] as const,
      );
      rows.push(...(added ?? []));
    }
    return { adapter, cores: availableParallelism(), date: new Date().toISOString(), rows };
  });
  process.stdout.write(`${table(report.rows)}\n`);
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(report, null, 2)}\n`);
});
