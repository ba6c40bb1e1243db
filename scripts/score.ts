// Scores one track of masks against another: two safetensors files with a tensor `masks` u8 [T, H, W], where
// every non-zero pixel belongs to the object. Prints the metrics as JSON.

import { readFileSync } from 'node:fs';
import { scoreMasks } from '../src/metrics/masks.ts';
import { parse, SafetensorsError } from '../src/model/safetensors.ts';
import { readFlags, runCommand, UsageError, type Command } from './command-line.ts';

const command: Command<'predicted' | 'truth'> = {
  invocation: 'npm run score --',
  summary:
    'Compares two tracks of masks; prints {l2, strictL2, chamfer, strictChamfer, iou, survival, frames}.',
  flags: {
    predicted: { value: 'FILE', help: 'safetensors with masks u8 [T, H, W]; non-zero = object' },
    truth: { value: 'FILE', help: 'the same for the true motion' },
  },
  notes: `l2 and chamfer leave out frames whose object is missing in either track (null when none is left);
the strict forms count a frame with exactly one of them missing as the largest error (l2 0.7071, chamfer 2).
Distances are divided by sqrt(2) W.`,
};

interface Track {
  masks: Uint8Array;
  shape: [number, number, number];
}

function readTrack(path: string | undefined): Track {
  if (!path) throw new UsageError('A file name is missing.');
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch {
    throw new Error(`${path} cannot be read.`);
  }
  try {
    const tensor = parse(bytes).tensors.get('masks');
    if (!tensor) throw new Error('there is no tensor "masks" in it');
    const { data, dtype, shape } = tensor;
    if (!(data instanceof Uint8Array)) throw new Error(`masks must be U8, it is ${dtype}`);
    const [frames, height, width] = shape;
    if (shape.length !== 3 || data.length === 0) {
      throw new Error(`masks must be [T, H, W] and not empty, it is [${shape.join(', ')}]`);
    }
    return { masks: data, shape: [frames, height, width] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const kind = error instanceof SafetensorsError ? 'is not a valid safetensors file' : 'does not fit';
    throw new Error(`${path} ${kind}: ${reason}`, { cause: error });
  }
}

function main(): void {
  const values = readFlags(command);
  if (!values) return;
  const predicted = readTrack(values.predicted);
  const truth = readTrack(values.truth);
  if (predicted.shape.join() !== truth.shape.join()) {
    const [ours, theirs] = [predicted.shape.join(', '), truth.shape.join(', ')];
    throw new Error(`The shapes differ: predicted masks are [${ours}], true ones [${theirs}].`);
  }
  const [frames, height, width] = truth.shape;
  const scores = scoreMasks({
    predicted: predicted.masks, truth: truth.masks, frames, height, width, label: null,
  });
  process.stdout.write(`${JSON.stringify({ ...scores, frames })}\n`);
}

await runCommand(command.invocation, main);
