// Scores generated clips of known scenes: the truth is made again from the seeds, the tracker finds the
// dropped objects, and the metrics come with intervals over clips, beside the first frame repeated and beside
// the tracker on the true frames. Used by the PyTorch twin, and for anything that writes clips as flat bytes.

import { closeSync, openSync, readSync, statSync, writeFileSync } from 'node:fs';
import { sceneTruth } from '../src/learning/scene-truth.ts';
import { bootstrapInterval } from '../src/math/statistics.ts';
import { scoreTrackedMasks, stillClip, summariseScores, type ClipScores } from '../src/metrics/evaluate.ts';
import { trackObjects } from '../src/metrics/tracker.ts';
import { clipFrames, frameSize } from '../src/world/scene.ts';
import { splits } from '../src/world/splits.ts';
import { tracksOf } from '../src/world/tracks.ts';
import { createWorld, familyNamed, familyNames } from '../src/world/world.ts';
import { oneOf, readFlags, runCommand, UsageError, wholeNumber, type Command } from './command-line.ts';
import { checkOutputFile } from './output-paths.ts';

/** Clips beside the predicted ones. */
const references = ['still', 'truth'];

type Name = 'predicted' | 'family' | 'split' | 'first-seed' | 'clips' | 'side' | 'json' | 'per-clip' | 'alone';

const command: Command<Name> = {
  invocation: 'npx tsx scripts/score-clips.ts',
  summary: 'Scores generated clips against the world; prints JSON.',
  flags: {
    predicted: {
      value: 'NAME=FILE,..', help: 'clips of several kinds, each u8 [K, 25, side, side, 3] in order of seeds', optional: true,
    },
    family: { value: 'F', help: familyNames.join(', '), default: 'free-fall' },
    split: { value: 'S', help: splits.join(', ') },
    'first-seed': { value: 'N', help: 'seed of the first clip', default: '0' },
    clips: { value: 'K', help: 'how many clips' },
    side: { value: 'S', help: 'height and width in pixels', default: String(frameSize) },
    json: { value: 'FILE', help: 'write the JSON there as well', optional: true },
    'per-clip': { help: 'add every clip\'s own scores' },
    alone: { help: 'leave out still and truth' },
  },
  notes: `Results: every kind of --predicted, still (the first frame repeated), truth (the tracker on the true
frames); each metric as {mean, low, high, n}, a bootstrap 95 % interval over clips. null stands for "not
defined". laws: relative error of the family's law as measured on the tracked clip, 1 at most.`,
};

/** Open files of predicted clips by kind. */
function openPredicted(list: string | undefined, clips: number, clipBytes: number): Map<string, number> {
  const files = (list ?? '').split(',').filter((part) => part !== '').map((part): [string, string] => {
    const [kind, file, ...more] = part.split('=');
    if (!file || more.length > 0) throw new UsageError(`--predicted takes NAME=FILE,..; ${part} is not one.`);
    if (references.includes(kind)) throw new UsageError(`Predicted clips cannot be called ${kind}.`);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) throw new UsageError(`There is no file ${file}.`);
    if (size !== clips * clipBytes) {
      throw new Error(`${file} has ${size} bytes; ${clips} clips need ${clips * clipBytes}.`);
    }
    return [kind, file];
  });
  return new Map(files.map(([kind, file]) => [kind, openSync(file, 'r')]));
}

async function main(): Promise<void> {
  const values = readFlags(command);
  if (!values) return;
  const family = oneOf('family', values.family, familyNames);
  const split = oneOf('split', values.split, splits);
  const firstSeed = wholeNumber('first-seed', values['first-seed'], 0, 2 ** 40);
  const clips = wholeNumber('clips', values.clips, 1, 100_000);
  const side = wholeNumber('side', values.side, 16, 1024);
  const clipBytes = clipFrames * side * side * 3;
  checkOutputFile(values.json);
  const predicted = openPredicted(values.predicted, clips, clipBytes);
  const kinds = [...(values.alone === undefined ? references : []), ...predicted.keys()];
  const scores = new Map(kinds.map((kind) => [kind, [] as ClipScores[]]));
  const lawErrors = new Map(kinds.map((kind) => [kind, [] as number[]]));
  const world = await createWorld();
  const { law } = familyNamed(family);
  for (let index = 0; index < clips; index++) {
    const { scene, truth, image, frames: trueFrames } = sceneTruth(world, family, split, firstSeed + index, side);
    const videoOf = (kind: string): Uint8Array => {
      if (kind === 'still') return stillClip(image, clipFrames);
      if (kind === 'truth') return trueFrames;
      const frames = new Uint8Array(clipBytes);
      readSync(predicted.get(kind)!, frames, 0, clipBytes, index * clipBytes);
      return frames;
    };
    for (const kind of kinds) {
      const video = videoOf(kind);
      const masks = trackObjects(video, truth);
      scores.get(kind)?.push(scoreTrackedMasks(masks, truth));
      const error = Math.abs(law.measured(scene, tracksOf(scene, video, masks, side)) / law.expected(scene) - 1);
      lawErrors.get(kind)?.push(error < 1 ? error : 1);
    }
  }
  for (const file of predicted.values()) closeSync(file);
  const results = Object.fromEntries([...scores].map(([kind, all]) => [kind, summariseScores(all)]));
  const laws = Object.fromEntries([...lawErrors].map(([kind, all]) => [kind, bootstrapInterval(all)]));
  const perClip = values['per-clip'] === undefined ? {} : { perClip: Object.fromEntries(scores) };
  const text = `${JSON.stringify({ family, split, firstSeed, clips, results, laws, ...perClip }, null, 2)}\n`;
  process.stdout.write(text);
  if (values.json !== undefined) writeFileSync(values.json, text);
}

await runCommand(command.invocation, main);
