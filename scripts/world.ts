// Writes clips of the world for people who look or script: a safetensors file a clip, a line of metadata
// each, and a contact sheet.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serialize } from '../src/model/safetensors.ts';
import { clipFrames, frameSize, framesPerSecond } from '../src/world/scene.ts';
import { splits } from '../src/world/splits.ts';
import { createWorld, familyNames } from '../src/world/world.ts';
import { oneOf, readFlags, runCommand, UsageError, wholeNumber, type Command } from './command-line.ts';
import { contactSheet, evenColumns, type SheetRow } from './contact-sheet.ts';
import { makeFolder } from './output-paths.ts';

/** Rows of the sheet; more clips than this are written but not shown. */
const sheetLimit = 64;

const command: Command<'family' | 'split' | 'first-seed' | 'clips' | 'out'> = {
  invocation: 'npm run world --',
  summary: 'Simulates and renders clips; the same arguments give the same bytes.',
  flags: {
    family: { value: 'F', help: familyNames.join(', '), default: 'free-fall' },
    split: { value: 'S', help: splits.join(', '), default: 'seen' },
    'first-seed': { value: 'N', help: 'seed of the first clip', default: '0' },
    clips: { value: 'K', help: 'how many clips', default: '8' },
    out: { value: 'DIR', help: 'folder for the files; made when missing' },
  },
  notes: `Files: clip-<seed>.safetensors with frames u8 [25, 64, 64, 3], masks u8 [25, 64, 64] (number of the
dropped object, 0 for none) and depth f32 [25, 64, 64] (metres along the camera's axis); metadata.jsonl, one
scene a line; contact-sheet.png, a row a clip.`,
};

async function main(): Promise<void> {
  const values = readFlags(command);
  if (!values) return;
  const family = oneOf('family', values.family, familyNames);
  const split = oneOf('split', values.split, splits);
  const firstSeed = wholeNumber('first-seed', values['first-seed'], 0, 2 ** 40);
  const clips = wholeNumber('clips', values.clips, 1, 100_000);
  const folder = values.out;
  if (!folder) throw new UsageError('--out is missing.');
  makeFolder(folder);
  const world = await createWorld();
  const rows: SheetRow[] = [];
  const lines: string[] = [];
  const shape = [clipFrames, frameSize, frameSize];
  for (let seed = firstSeed; seed < firstSeed + clips; seed++) {
    const scene = world.scene(family, split, seed);
    const clip = world.render(scene, world.simulate(scene));
    const file = `clip-${seed}.safetensors`;
    const bytes = serialize([
      ['frames', { dtype: 'U8', shape: [...shape, 3], data: clip.frames }],
      ['masks', { dtype: 'U8', shape, data: clip.masks }],
      ['depth', { dtype: 'F32', shape, data: clip.depth }],
    ], { family, split, seed: String(seed), prompt: scene.prompt, framesPerSecond: String(framesPerSecond) });
    writeFileSync(join(folder, file), bytes);
    lines.push(JSON.stringify({ file, ...scene }));
    if (rows.length < sheetLimit) rows.push({ label: String(seed), frames: clip.frames });
  }
  writeFileSync(join(folder, 'metadata.jsonl'), `${lines.join('\n')}\n`);
  const columns = evenColumns(clipFrames, 13);
  const sheet = contactSheet(rows, { height: frameSize, width: frameSize, framesPerSecond, columns });
  writeFileSync(join(folder, 'contact-sheet.png'), sheet);
  const seeds = `seeds ${firstSeed} .. ${firstSeed + clips - 1}`;
  process.stdout.write(`${clips} clips of ${family} (${split}, ${seeds}) in ${folder}\n`);
}

await runCommand(command.invocation, main);
