// `npm run gallery`: every family of scenes on one page, the simulation beside what a model makes of its first frame.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { families } from '../src/world/families.ts';
import { splits } from '../src/world/splits.ts';
import { familyNames } from '../src/world/world.ts';
import { oneOf, readFlags, runCommand, UsageError, wholeNumber } from './command-line.ts';
import type { Command } from './command-line.ts';
import { contactSheet, evenColumns } from './contact-sheet.ts';
import { withHeadlessPage } from './headless/host.ts';
import { engineFlag, engineFromFlag, modelSize, sizes } from './model-flags.ts';
import { makeFolder } from './output-paths.ts';

type Name = 'size' | 'engine' | 'families' | 'split' | 'seed' | 'seeds' | 'out';

const command: Command<Name> = {
  invocation: 'npm run gallery --',
  summary: 'Writes index.html and a contact sheet a family: the simulation (row 0) and one clip a noise seed.',
  flags: {
    size: { value: 'SIZE', help: `model: ${sizes.join(', ')}`, default: 'nano' },
    engine: engineFlag,
    families: { value: 'A,B,..', help: 'which families', default: familyNames.join(',') },
    split: { value: 'S', help: splits.join(', '), default: 'seen' },
    seed: { value: 'N', help: 'seed of the scenes', default: '0' },
    seeds: { value: 'A,B,..', help: 'noise seeds', default: '1,2,3' },
    out: { value: 'DIR', help: 'folder to write into; made when absent' },
  },
};

await runCommand(command.invocation, async () => {
  const flags = readFlags(command);
  if (!flags) return;
  const { out } = flags;
  if (!out) throw new UsageError('--out is missing.');
  const size = modelSize(flags.size);
  const engine = engineFromFlag(flags.engine);
  const split = oneOf('split', flags.split, splits);
  const seed = wholeNumber('seed', flags.seed, 0, 2 ** 31);
  const noiseSeeds = (flags.seeds ?? '').split(',').map((text) => wholeNumber('seeds', text.trim(), 0, 2 ** 31));
  const wanted = (flags.families ?? '').split(',').map((text) => oneOf('families', text.trim(), familyNames));
  makeFolder(out);
  const sections: string[] = [];
  await withHeadlessPage('/scripts/headless/index.html', 'physmaster', async (page) => {
    for (const family of families.filter(({ name }) => wanted.includes(name))) {
      const request = { size, engine, scene: { family: family.name, split, seed }, seeds: noiseSeeds };
      const { shape, framesPerSecond, prompt, clips } = await page.evaluate(
        (asked) => window.physmaster!.scene(asked), request);
      const [frameCount, height, width] = shape;
      const rows = clips.map(({ label, frames }) => ({ label, frames: Uint8Array.from(frames) }));
      await writeFile(join(out, `${family.name}.png`), contactSheet(rows, {
        height, width, framesPerSecond, columns: evenColumns(frameCount, 9),
      }));
      sections.push(section(family.title, family.name, prompt, family.law.sentence));
    }
  });
  await writeFile(join(out, 'index.html'), document(`physmaster-${size}, ${split} ${seed}`, sections));
  process.stdout.write(`${sections.length} families in ${join(out, 'index.html')}\n`);
});

function section(title: string, name: string, prompt: string, law: string): string {
  return `<section><h2>${title}</h2><p>${prompt}.</p><p>${law}</p><img src="${name}.png" alt="${title}"></section>`;
}

function document(title: string, sections: readonly string[]): string {
  const style = 'body{font:16px/1.5 system-ui;margin:2rem auto;max-width:76rem;padding:0 1rem}img{max-width:100%}';
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><style>${style}</style>`
    + `<h1>${title}</h1><p>Row 0 is the simulation; the others are named by their noise seed.</p>${sections.join('')}\n`;
}
