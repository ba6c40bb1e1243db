// `npm run data-card`: what the clips of every family are, measured on the clips themselves and written as Markdown.
// Its figures (ranges, redraws, motion, law errors) come from the first seeds of every split.
import { writeFile } from 'node:fs/promises';
import { median } from '../src/math/statistics.ts';
import type { Family } from '../src/world/family.ts';
import { families } from '../src/world/families.ts';
import { clipFrames, frameSize, framesPerSecond, labelsOf } from '../src/world/scene.ts';
import type { Scene } from '../src/world/scene.ts';
import { splits } from '../src/world/splits.ts';
import type { Split } from '../src/world/splits.ts';
import { tracksOf } from '../src/world/tracks.ts';
import { createWorld } from '../src/world/world.ts';
import type { World } from '../src/world/world.ts';
import { readFlags, runCommand, UsageError, wholeNumber } from './command-line.ts';
import type { Command } from './command-line.ts';
import { checkOutputFile } from './output-paths.ts';

const command: Command<'clips' | 'out'> = {
  invocation: 'npm run data-card --',
  summary: 'Writes the data card: every family of scenes and what its splits hold, as measured on their first clips.',
  flags: {
    clips: { value: 'K', help: 'clips of each family and split, from seed 0 on', default: '32' },
    out: { value: 'FILE', help: 'Markdown file to write', default: 'docs/data-card.md' },
  },
};

/** A split of a family in figures. */
interface SplitFigures {
  readonly split: Split;
  readonly redraws: number;
  readonly things: readonly number[];
  readonly expected: readonly number[];
  /** Relative error of the law as measured on the true clips' pixels. */
  readonly lawErrors: readonly number[];
  /** Share of pixels that differ from the first frame by more than 8 levels in the frame that differs most. */
  readonly moving: number;
  readonly parameters: ReadonlyMap<string, readonly number[]>;
}

function movingShare(frames: Uint8Array): number {
  const pixels = frameSize * frameSize;
  let most = 0;
  for (let frame = 1; frame < clipFrames; frame++) {
    let moved = 0;
    for (let i = 0; i < pixels; i++) {
      const differs = [0, 1, 2].some((channel) =>
        Math.abs(frames[(frame * pixels + i) * 3 + channel] - frames[i * 3 + channel]) > 8);
      if (differs) moved += 1;
    }
    most = Math.max(most, moved / pixels);
  }
  return most;
}

function figuresOf(world: World, { name, law }: Family, split: Split, clips: number): SplitFigures {
  const scenes: Scene[] = [];
  const expected: number[] = [];
  const lawErrors: number[] = [];
  const moving: number[] = [];
  for (let seed = 0; seed < clips; seed++) {
    const scene = world.scene(name, split, seed);
    const { frames, masks } = world.render(scene, world.simulate(scene));
    const wanted = law.expected(scene);
    const measured = law.measured(scene, tracksOf(scene, frames, masks));
    expected.push(wanted);
    lawErrors.push(Math.abs(measured - wanted) / Math.abs(wanted));
    moving.push(movingShare(frames));
    scenes.push(scene);
  }
  const parameters = new Map<string, number[]>();
  for (const { parameters: found = {} } of scenes) {
    for (const [key, value] of Object.entries(found)) {
      const values = parameters.get(key) ?? [];
      values.push(value);
      parameters.set(key, values);
    }
  }
  return {
    split, redraws: scenes.reduce((sum, { attempt }) => sum + attempt, 0) / clips,
    things: scenes.map((scene) => labelsOf(scene).length), expected, lawErrors,
    moving: median(moving), parameters,
  };
}

const short = (value: number) => String(Number(value.toPrecision(3)));

function range(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? short(low) : `${short(low)} to ${short(high)}`;
}

function section(family: Family, prompt: string, figures: readonly SplitFigures[]): string {
  const rows = figures.map(({ split, redraws, things, expected, lawErrors, moving, parameters }) => {
    const measured = lawErrors.filter(Number.isFinite);
    const error = measured.length === 0 ? '-' : `${(100 * median(measured)).toFixed(1)} %`;
    const missing = lawErrors.length - measured.length;
    const ranges = [...parameters].map(([name, values]) => `${name} ${range(values)}`).join('; ') || '-';
    return `| ${split} | ${redraws.toFixed(1)} | ${range(things)} | ${(100 * moving).toFixed(1)} % | `
      + `${range(expected)} | ${error}${missing > 0 ? ` (${missing} not measurable)` : ''} | ${ranges} |`;
  });
  return [
    `## ${family.title}`, '',
    `\`${family.name}\`, ${family.domain}. ${family.law.sentence} "${prompt}."`, '',
    `| split | redraws a scene | things | moving pixels | ${family.law.quantity} | law's error on the true clips | parameters |`,
    '|---|---|---|---|---|---|---|', ...rows, '',
  ].join('\n');
}

function introduction(clips: number): string {
  return `# Data card

Clips of ${clipFrames} frames at ${framesPerSecond} fps, ${frameSize} x ${frameSize} pixels (other sizes on request), with
masks of the labelled things, depth and metadata. ${families.length} families of scenes in four domains. A clip follows,
bit for bit, from family, split and seed (\`npm run world\`); none is stored. Written by \`npm run data-card\` from the
first ${clips} seeds of every split; edit scripts/data-card.ts, not this file.

- **wide**: every combination of factors. Autoencoder, backbone and base generator train on it and on \`train\`.
- **train**, **seen**: three quarters of the combinations; Stage I trains on \`train\`, \`seen\` only measures.
- **unseen**: the other quarter. Every value of every factor occurs on both sides, only the combinations differ.
- **out-of-range**: one factor beyond what training holds: smaller, larger, higher, more.

Splits and families have random streams of their own, so equal seeds in two of them have nothing in common. A draw in
which something would leave the picture or not show is refused and drawn again; "redraws" says how often, on average.
"moving pixels": the share that differs from the first frame by more than 8 of 255 levels, in the frame that differs
most, median. The law is measured on the pixels, as it is on generated clips; its median error here is the gauge's own.
Known to be wrong: jelly bumps into the floor a little early, a see-saw's load slips by 1 to 2 cm, cylinders roll up to
5 % slow, wood under water looks pink, and a projectile is at full speed from the first frame.

`;
}

await runCommand(command.invocation, async () => {
  const flags = readFlags(command);
  if (!flags) return;
  const clips = wholeNumber('clips', flags.clips, 1, 10_000);
  const { out } = flags;
  if (!out) throw new UsageError('--out is missing.');
  checkOutputFile(out);
  const world = await createWorld();
  const sections = families.map((family) => {
    const figures = splits.map((split) => figuresOf(world, family, split, clips));
    process.stderr.write(`${family.name}\n`);
    return section(family, world.scene(family.name, 'train', 0).prompt, figures);
  });
  await writeFile(out, introduction(clips) + sections.join('\n'));
  process.stdout.write(`${families.length} families in ${out}\n`);
});
