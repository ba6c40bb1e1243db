// `npm run soak`: whether GPU memory stays flat over many preference steps and over models loaded and given up.
import type { Allocated } from '../src/learning/soak.ts';
import { readFlags, runCommand, wholeNumber } from './command-line.ts';
import type { Command } from './command-line.ts';
import { withHeadlessPage } from './headless/host.ts';
import { modelSize, sizes } from './model-flags.ts';
import { textTable } from './text-table.ts';

const command: Command<'size' | 'steps' | 'cycles'> = {
  invocation: 'npm run soak --',
  summary: `Takes preference steps on WebGPU in headless Chromium, then loads the model, makes clips, takes a step and gives
it up again and again; prints what is allocated on the GPU.`,
  flags: {
    size: { value: 'SIZE', help: `model: ${sizes.join(', ')}`, default: 'nano' },
    steps: { value: 'N', help: 'preference steps', default: '1000' },
    cycles: { value: 'N', help: 'models loaded and given up', default: '20' },
  },
  notes: 'Exits with 1 when anything grows. A step of nano takes two seconds on a software adapter.',
};

function rowOf(name: string, { gpu, tensors }: Allocated): string[] {
  const megabytes = [gpu.tensors, gpu.spare, gpu.captures, gpu.total].map((bytes) => (bytes / 1e6).toFixed(2));
  return [name, ...megabytes, String(tensors)];
}

await runCommand(command.invocation, async () => {
  const flags = readFlags(command);
  if (!flags) return;
  const size = modelSize(flags.size);
  const amount = {
    steps: wholeNumber('steps', flags.steps, 2, 1_000_000), cycles: wholeNumber('cycles', flags.cycles, 1, 10_000),
  };
  const report = await withHeadlessPage('/scripts/headless/index.html', 'physmaster',
    (page) => page.evaluate(([asked, much]) => window.physmaster!.soak(asked, much), [size, amount] as const));
  const lines = [
    ...report.steps.map((sample) => rowOf(`step ${sample.step}`, sample)),
    ...report.cycles.map((sample, i) => rowOf(`cycle ${i + 1}`, sample)),
  ];
  const head = ['after', 'tensors MB', 'spare MB', 'captures MB', 'total MB', 'tensors'];
  process.stdout.write(`${report.adapter}\n${textTable(head, lines, 1)}\n`);
  if (!report.flat) throw new Error('Memory grows.');
});
