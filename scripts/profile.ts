// `npm run profile`: where the GPU's time goes, kernel by kernel, beside what the adapter can do.
import { writeFile } from 'node:fs/promises';
import { sharesOf, totalMilliseconds } from '../src/engine/roofline.ts';
import type { KernelShare } from '../src/engine/roofline.ts';
import { chromeTrace } from '../src/engine/trace.ts';
import { readFlags, runCommand } from './command-line.ts';
import type { Command } from './command-line.ts';
import { withHeadlessPage } from './headless/host.ts';
import { modelSize, sizes } from './model-flags.ts';
import { checkOutputFile } from './output-paths.ts';
import { textTable } from './text-table.ts';

const command: Command<'size' | 'trace' | 'json'> = {
  invocation: 'npm run profile --',
  summary: `Times every kernel of a pair of clips (image, physics tokens, a sampler's step, decoder) and of a
preference step on one pair, on WebGPU in headless Chromium.`,
  flags: {
    size: { value: 'SIZE', help: `model: ${sizes.join(', ')}`, default: 'nano' },
    trace: { value: 'FILE', help: 'write a Chrome trace here (Perfetto and chrome://tracing open it)', optional: true },
    json: { value: 'FILE', help: 'write {adapter, peak, captures} here, every dispatch with its time', optional: true },
  },
  notes: `The adapter's peak is measured first: multiply-adds in registers, and a copy of 64 MiB. of roof: the least
time that this peak allows for a kernel's arithmetic, or for its tensors read and written once, over the time
it took. GFLOP/s are counted for products and convolutions.`,
};

function tableOf(shares: readonly KernelShare[]): string {
  const lines = shares.map((share) => [
    share.kernel,
    String(share.dispatches),
    share.milliseconds.toFixed(2),
    `${(100 * share.share).toFixed(1)} %`,
    share.gflops > 0 ? share.gflops.toFixed(2) : '',
    share.gigabytesPerSecond.toFixed(2),
    `${(100 * share.ofRoof).toFixed(0)} %`,
  ]);
  const head = ['kernel', 'dispatches', 'ms', 'share', 'GFLOP/s', 'GB/s', 'of roof'];
  return textTable(head, lines, 1);
}

await runCommand(command.invocation, async () => {
  const flags = readFlags(command);
  if (!flags) return;
  const size = modelSize(flags.size);
  checkOutputFile(flags.trace);
  checkOutputFile(flags.json);
  const profile = await withHeadlessPage('/scripts/headless/index.html', 'physmaster',
    (page) => page.evaluate((wanted) => window.physmaster!.profile(wanted), size));
  const { adapter, peak, captures } = profile;
  process.stdout.write(`${adapter}: ${peak.gflops.toFixed(1)} GFLOP/s, ${peak.gigabytesPerSecond.toFixed(1)} GB/s\n`);
  for (const { name, bytes, times } of captures) {
    process.stdout.write(`\n${name}: ${times.length} dispatches, ${totalMilliseconds(times).toFixed(1)} ms, `
      + `${(bytes / 1e6).toFixed(1)} MB\n${tableOf(sharesOf(times, peak))}\n`);
  }
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(profile, null, 2)}\n`);
  if (flags.trace !== undefined) {
    await writeFile(flags.trace, `${JSON.stringify(chromeTrace(adapter, captures))}\n`);
  }
});
