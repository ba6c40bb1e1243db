// `npm run evaluate`: scores a model on held-out scenes, beside its floor and its baseline, headless on the
// same engine as the page.
import { writeFile } from 'node:fs/promises';
import { splits } from '../src/world/splits.ts';
import { familyNames } from '../src/world/world.ts';
import { oneOf, readFlags, runCommand, wholeNumber } from './command-line.ts';
import type { Command } from './command-line.ts';
import { evaluationReport } from './evaluation-report.ts';
import { withHeadlessPage } from './headless/host.ts';
import { engineFlag, engineFromFlag, modelSize, samplerFlags, samplerFromFlags, sizes } from './model-flags.ts';
import type { SamplerFlag } from './model-flags.ts';
import { checkOutputFile } from './output-paths.ts';

type Name = 'size' | 'engine' | 'family' | 'split' | 'first-seed' | 'clips' | SamplerFlag | 'json';

const command: Command<Name> = {
  invocation: 'npm run evaluate --',
  summary: `Generates clips of held-out scenes and scores them against the simulated truth, with bootstrap
95 % intervals over clips: the model, the floor (the autoencoder's reconstruction of the truth) and the first
frame repeated.`,
  flags: {
    size: { value: 'SIZE', help: `model: ${sizes.join(', ')}`, default: 'nano' },
    engine: engineFlag,
    family: { value: 'F', help: `family of scenes: ${familyNames.join(', ')}`, default: 'free-fall' },
    split: { value: 'S', help: `split of scenes: ${splits.join(', ')}`, default: 'seen' },
    'first-seed': { value: 'N', help: 'seed of the first scene', default: '0' },
    clips: { value: 'K', help: 'how many scenes, one seed after the other', default: '8' },
    ...samplerFlags,
    json: { value: 'FILE', help: 'write the result here as well', optional: true },
  },
  notes: `Prints {adapter, size, family, split, firstSeed, clips, results, reconstruction}. results has model,
floor and still, each with l2, strictL2, chamfer, strictChamfer, iou and survival as {mean, low, high, n};
null stands for "not defined". reconstruction is the floor's peak signal-to-noise ratio in decibels.`,
};

await runCommand(command.invocation, async () => {
  const flags = readFlags(command);
  if (!flags) return;
  const request = {
    size: modelSize(flags.size),
    engine: engineFromFlag(flags.engine),
    family: oneOf('family', flags.family, familyNames),
    split: oneOf('split', flags.split, splits),
    firstSeed: wholeNumber('first-seed', flags['first-seed'], 0, 2 ** 31),
    clips: wholeNumber('clips', flags.clips, 1, 100_000),
    sampler: samplerFromFlags(flags),
  };
  checkOutputFile(flags.json);
  const answer = await withHeadlessPage('/scripts/headless/index.html', 'physmaster', (page) =>
    page.evaluate((wanted) => window.physmaster!.evaluate(wanted), request));
  const text = `${JSON.stringify(evaluationReport(request, answer), null, 2)}\n`;
  // First to where nothing can go wrong.
  process.stdout.write(text);
  if (flags.json !== undefined) await writeFile(flags.json, text);
});
