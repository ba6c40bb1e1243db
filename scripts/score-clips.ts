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

type Kind = 'model' | 'still' | 'truth';

type Name = 'predicted' | 'family' | 'split' | 'first-seed' | 'clips' | 'side' | 'json' | 'per-clip' | 'alone';

const command: Command<Name> = {
  invocation: 'npx tsx scripts/score-clips.ts',
  summary: 'Scores generated clips against the world; prints JSON.',
  flags: {
    predicted: { value: 'FILE', help: 'clips as u8 [K, 25, side, side, 3] in order of seeds', optional: true },
    family: { value: 'F', help: familyNames.join(', '), default: 'free-fall' },
    split: { value: 'S', help: splits.join(', ') },
    'first-seed': { value: 'N', help: 'seed of the first clip', default: '0' },
    clips: { value: 'K', help: 'how many clips' },
    side: { value: 'S', help: 'height and width in pixels', default: String(frameSize) },
    json: { value: 'FILE', help: 'write the JSON there as well', optional: true },
    'per-clip': { help: 'add every clip\'s own scores' },
    alone: { help: 'leave out still and truth' },
  },
  notes: `Results: model (with --predicted), still (the first frame repeated), truth (the tracker on the true
frames); each metric as {mean, low, high, n}, a bootstrap 95 % interval over clips. null stands for "not
defined". laws: relative error of the family's law as measured on the tracked clip, 1 at most.`,
};

async function main(): Promise<void> {
  const values = readFlags(command);
  if (!values) return;
  const family = oneOf('family', values.family, familyNames);
  const split = oneOf('split', values.split, splits);
  const firstSeed = wholeNumber('first-seed', values['first-seed'], 0, 2 ** 40);
  const clips = wholeNumber('clips', values.clips, 1, 100_000);
  const side = wholeNumber('side', values.side, 16, 1024);
  const clipBytes = clipFrames * side * side * 3;
  const { predicted } = values;
  checkOutputFile(values.json);
  if (predicted !== undefined) {
    const size = statSync(predicted, { throwIfNoEntry: false })?.size;
    if (size === undefined) throw new UsageError(`There is no file ${predicted}.`);
    if (size !== clips * clipBytes) {
      throw new Error(`${predicted} has ${size} bytes; ${clips} clips need ${clips * clipBytes}.`);
    }
  }
  const file = predicted === undefined ? null : openSync(predicted, 'r');
  const frames = new Uint8Array(clipBytes);
  const world = await createWorld();
  const scores: Record<Kind, ClipScores[]> = { model: [], still: [], truth: [] };
  const lawErrors: Record<Kind, number[]> = { model: [], still: [], truth: [] };
  const { law } = familyNamed(family);
  for (let index = 0; index < clips; index++) {
    const { scene, truth, image, frames: trueFrames } = sceneTruth(world, family, split, firstSeed + index, side);
    const videos: [Kind, Uint8Array][] = values.alone === undefined
      ? [['still', stillClip(image, clipFrames)], ['truth', trueFrames]] : [];
    if (file !== null) {
      readSync(file, frames, 0, clipBytes, index * clipBytes);
      videos.push(['model', frames]);
    }
    for (const [kind, video] of videos) {
      const masks = trackObjects(video, truth);
      scores[kind].push(scoreTrackedMasks(masks, truth));
      const error = Math.abs(law.measured(scene, tracksOf(scene, video, masks, side)) / law.expected(scene) - 1);
      lawErrors[kind].push(error < 1 ? error : 1);
    }
  }
  if (file !== null) closeSync(file);
  const results: Record<string, unknown> = {};
  const laws: Record<string, unknown> = {};
  for (const kind of ['model', 'still', 'truth'] as const) {
    if (scores[kind].length === 0) continue;
    results[kind] = summariseScores(scores[kind]);
    laws[kind] = bootstrapInterval(lawErrors[kind]);
  }
  const perClip = values['per-clip'] === undefined ? {} : { perClip: scores };
  const text = `${JSON.stringify({ family, split, firstSeed, clips, results, laws, ...perClip }, null, 2)}\n`;
  process.stdout.write(text);
  if (values.json !== undefined) writeFileSync(values.json, text);
}

await runCommand(command.invocation, main);
