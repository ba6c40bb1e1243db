// `npm run evaluate`: scores a model on held-out scenes, beside its floor and its baseline, headless on the same
// engine as the page.
import { writeFile } from 'node:fs/promises';
import { splits } from '../src/world/splits.ts';
import { familyNames } from '../src/world/world.ts';
import { oneOf, readFlags, runCommand, wholeNumber } from './command-line.ts';
import type { Command } from './command-line.ts';
import { withHeadlessPage } from './headless/host.ts';
import { modelSize, samplerFromFlags, sizes } from './model-flags.ts';

type Name = 'size' | 'family' | 'split' | 'first-seed' | 'clips' | 'steps' | 'guidance' | 'json';

const command: Command<Name> = {
  invocation: 'npm run evaluate --',
  summary: 'Generates clips of held-out scenes and scores them against the simulated truth, with bootstrap 95 % intervals\n'
    + 'over clips: the model, the floor (the autoencoder\'s reconstruction of the truth) and the first frame repeated.',
  flags: {
    size: { value: 'SIZE', help: `model: ${sizes.join(', ')}`, default: 'nano' },
    family: { value: 'F', help: `family of scenes: ${familyNames.join(', ')}`, default: 'free-fall' },
    split: { value: 'S', help: `split: ${splits.join(', ')}`, default: 'seen' },
    'first-seed': { value: 'N', help: 'seed of the first scene', default: '0' },
    clips: { value: 'K', help: 'how many scenes, one seed after the other', default: '8' },
    steps: { value: 'N', help: "sampler steps (default: the model's)", optional: true },
    guidance: { value: 'G', help: "guidance (default: the model's)", optional: true },
    json: { value: 'FILE', help: 'write the result here as well', optional: true },
  },
};

await runCommand(command.invocation, async () => {
  const flags = readFlags(command);
  if (!flags) return;
  const size = modelSize(flags.size);
  const request = {
    family: oneOf('family', flags.family, familyNames),
    split: oneOf('split', flags.split, splits),
    firstSeed: wholeNumber('first-seed', flags['first-seed'], 0, 2 ** 31),
    clips: wholeNumber('clips', flags.clips, 1, 100_000),
    sampler: samplerFromFlags(flags.steps, flags.guidance),
  };
  const { adapter, ...results } = await withHeadlessPage('/scripts/headless/index.html', async (page) => {
    await page.waitForFunction(() => window.physmaster !== undefined);
    return page.evaluate(([name, wanted]) => window.physmaster!.evaluate(name, wanted), [size, request] as const);
  });
  const { family, split, firstSeed, clips } = request;
  const report = { adapter, size, family, split, firstSeed, clips, results };
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (flags.json) await writeFile(flags.json, text);
  process.stdout.write(text);
});
