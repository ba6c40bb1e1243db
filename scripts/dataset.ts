// Writes clips for pretraining: one folder a chunk, .cache/data/nano/<family>-<split>-<firstSeed>-<clips>/ with
//   frames.u8   [clips, 25, S, S, 3]   RGB
//   masks.u8    [clips, 25, S, S]      label of the dropped object, 0 none
//   depth.f32   [clips, S, S]          metres along the camera's axis, first frame only, little-endian
//   meta.jsonl  one scene a line, in the order of the clips
// Everything follows from family, split and seed. Two processes share the work; the folder gets its name only
// once it is complete, and a folder that is there already is kept.

import { fork } from 'node:child_process';
import {
  closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clipFrames, frameSize } from '../src/world/scene.ts';
import { splits } from '../src/world/splits.ts';
import { createWorld, familyNames } from '../src/world/world.ts';
import { oneOf, readFlags, runCommand, UsageError, wholeNumber, type Command } from './command-line.ts';

const processes = 2;

const command: Command<'family' | 'split' | 'first-seed' | 'clips' | 'side' | 'out' | 'part'> = {
  invocation: 'npx tsx scripts/dataset.ts',
  summary: 'Writes a chunk of training clips as flat files.',
  flags: {
    family: { value: 'F', help: familyNames.join(', '), default: 'free-fall' },
    split: { value: 'S', help: splits.join(', ') },
    'first-seed': { value: 'N', help: 'seed of the first clip', default: '0' },
    clips: { value: 'K', help: 'how many clips' },
    side: { value: 'S', help: 'height and width in pixels', default: String(frameSize) },
    out: { value: 'DIR', help: 'folder that the chunk goes into', default: '.cache/data/nano' },
    part: { value: 'P', help: 'used by the command itself: render this share only', optional: true },
  },
};

/** Renders every clip whose index modulo `processes` is `part`, in place in the files of `folder`. */
async function renderPart(
  folder: string, family: (typeof familyNames)[number], split: (typeof splits)[number], firstSeed: number,
  clips: number, side: number, part: number,
): Promise<void> {
  const world = await createWorld();
  const frames = openSync(join(folder, 'frames.u8'), 'r+');
  const masks = openSync(join(folder, 'masks.u8'), 'r+');
  const depth = openSync(join(folder, 'depth.f32'), 'r+');
  const meta = openSync(join(folder, `meta-${part}.jsonl`), 'w');
  for (let index = part; index < clips; index += processes) {
    const scene = world.scene(family, split, firstSeed + index);
    const clip = world.render(scene, world.simulate(scene), side);
    writeSync(frames, clip.frames, 0, clip.frames.length, index * clip.frames.length);
    writeSync(masks, clip.masks, 0, clip.masks.length, index * clip.masks.length);
    const first = new Uint8Array(clip.depth.buffer, 0, side * side * 4);
    writeSync(depth, first, 0, first.length, index * first.length);
    writeSync(meta, `${JSON.stringify(scene)}\n`);
  }
  for (const file of [frames, masks, depth, meta]) closeSync(file);
}

/** Interleaves the parts' lines again: line i of part p is clip i * processes + p. */
function joinMeta(folder: string, clips: number): void {
  const parts = Array.from({ length: processes }, (_, part) => {
    const path = join(folder, `meta-${part}.jsonl`);
    const lines = readFileSync(path, 'utf8').split('\n');
    rmSync(path);
    return lines;
  });
  const lines = Array.from({ length: clips }, (_, i) => parts[i % processes][Math.floor(i / processes)]);
  writeFileSync(join(folder, 'meta.jsonl'), `${lines.join('\n')}\n`);
}

async function main(): Promise<void> {
  const values = readFlags(command);
  if (!values) return;
  const family = oneOf('family', values.family, familyNames);
  const split = oneOf('split', values.split, splits);
  const firstSeed = wholeNumber('first-seed', values['first-seed'], 0, 2 ** 40);
  const clips = wholeNumber('clips', values.clips, 1, 1_000_000);
  const side = wholeNumber('side', values.side, 16, 1024);
  const out = values.out;
  if (!out) throw new UsageError('--out is missing.');
  const target = join(out, `${family}-${split}-${firstSeed}-${clips}`);
  const folder = `${target}.partial`;
  if (values.part !== undefined) {
    const part = wholeNumber('part', values.part, 0, processes - 1);
    await renderPart(folder, family, split, firstSeed, clips, side, part);
    return;
  }
  if (existsSync(target)) {
    process.stdout.write(`${target} is there already.\n`);
    return;
  }
  const started = Date.now();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['frames.u8', 'masks.u8', 'depth.f32']) writeFileSync(join(folder, name), '');
  const script = fileURLToPath(import.meta.url);
  await Promise.all(Array.from({ length: processes }, (_, part) => new Promise<void>((resolve, reject) => {
    const child = fork(script, [...process.argv.slice(2), '--part', String(part)]);
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`Part ${part} of ${target} failed with exit code ${code}.`));
    });
  })));
  joinMeta(folder, clips);
  renameSync(folder, target);
  const seconds = (Date.now() - started) / 1000;
  process.stdout.write(`${target}: ${clips} clips of ${clipFrames} frames in ${seconds.toFixed(1)} s\n`);
}

await runCommand(command.invocation, main);
