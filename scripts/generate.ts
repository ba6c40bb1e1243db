// `npm run generate`: clips of what happens next in an image, headless on the same engine as the page.
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { serialize } from '../src/model/safetensors.ts';
import { gifFromFrames } from '../src/studio/features/data/gif.ts';
import { readFlags, runCommand, UsageError, wholeNumber } from './command-line.ts';
import type { Command } from './command-line.ts';
import { contactSheet, evenColumns } from './contact-sheet.ts';
import { withHeadlessPage } from './headless/host.ts';
import { engineFlag, engineFromFlag, modelSize, samplerFlags, samplerFromFlags, sizes } from './model-flags.ts';
import type { SamplerFlag } from './model-flags.ts';
import { makeFolder } from './output-paths.ts';

type Name = 'size' | 'engine' | 'image' | 'seeds' | SamplerFlag | 'out';

const command: Command<Name> = {
  invocation: 'npm run generate --',
  summary: `Generates one clip a seed from an image (PNG, JPEG, WebP, GIF, BMP or AVIF; cropped to its centre
square, brought to the model's size) and writes for each: clip-SEED.safetensors (frames u8 [T, H, W, 3]) and
clip-SEED.gif; and one contact-sheet.png.`,
  flags: {
    size: { value: 'SIZE', help: `model: ${sizes.join(', ')}`, default: 'nano' },
    engine: engineFlag,
    image: { value: 'FILE', help: 'the first frame' },
    seeds: { value: 'A,B,..', help: 'noise seeds, whole numbers', default: '1,2' },
    ...samplerFlags,
    out: { value: 'DIR', help: 'folder to write into; made when absent' },
  },
};

await runCommand(command.invocation, async () => {
  const flags = readFlags(command);
  if (!flags) return;
  const file = flags.image ?? '';
  const out = flags.out ?? '';
  const seeds = (flags.seeds ?? '').split(',').map((text) => wholeNumber('seeds', text.trim(), 0, 2 ** 31));
  if (new Set(seeds).size !== seeds.length) throw new UsageError('--seeds names a seed twice.');
  const sampler = samplerFromFlags(flags);
  makeFolder(out);
  const request = {
    size: modelSize(flags.size),
    engine: engineFromFlag(flags.engine),
    name: basename(file),
    image: [...await readImage(file)],
    seeds,
    sampler,
  };
  const { shape, framesPerSecond, clips, sampler: used } = await withHeadlessPage(
    '/scripts/headless/index.html', 'physmaster',
    (page) => page.evaluate((wanted) => window.physmaster!.generate(wanted), request),
  );
  const videos = clips.map(({ seed, frames }) => ({ seed, frames: Uint8Array.from(frames) }));
  for (const { seed, frames } of videos) {
    const tensors = new Map([['frames', { dtype: 'U8' as const, shape: [...shape], data: frames }]]);
    const metadata = { seed: String(seed), size: request.size, steps: String(used.steps),
      temperature: String(used.temperature) };
    await writeFile(join(out, `clip-${seed}.safetensors`), serialize(tensors, metadata));
    await writeFile(join(out, `clip-${seed}.gif`), gifFromFrames(frames, shape, framesPerSecond));
  }
  const rows = videos.map(({ seed, frames }) => ({ label: String(seed), frames }));
  const [frameCount, height, width] = shape;
  await writeFile(join(out, 'contact-sheet.png'), contactSheet(rows, {
    height, width, framesPerSecond, columns: evenColumns(frameCount, 9),
  }));
  process.stdout.write(`${videos.length} clips in ${out}\n`);
});

/** The bytes of an image file, or an error that names it. */
async function readImage(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch {
    throw new Error(`${file} cannot be read.`);
  }
}
