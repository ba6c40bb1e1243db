// Puts the bodies of decoded clips in the shapes of their first frames, as the generator does
// (src/model/whole-bodies.ts). Used by the PyTorch twin, so that what it measures is what the studio shows.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { withWholeBodies } from '../src/model/whole-bodies.ts';
import { clipFrames } from '../src/world/scene.ts';
import { readFlags, runCommand, UsageError, wholeNumber, type Command } from './command-line.ts';

const command: Command<'clips' | 'images' | 'backgrounds' | 'side'> = {
  invocation: 'npx tsx scripts/whole-bodies.ts',
  summary: 'Puts the bodies of decoded clips in the shapes of their first frames, in place.',
  flags: {
    clips: { value: 'FILE', help: 'u8 [K, 25, side, side, 3]; overwritten' },
    images: { value: 'FILE', help: 'their true first frames, u8 [K, side, side, 3]' },
    backgrounds: { value: 'FILE', help: 'these without what moves, u8 [K, side, side, 3]' },
    side: { value: 'S', help: 'height and width in pixels' },
  },
};

async function main(): Promise<void> {
  const values = readFlags(command);
  if (!values) return;
  const side = wholeNumber('side', values.side, 16, 1024);
  const picture = side * side * 3;
  const files = (['clips', 'images', 'backgrounds'] as const).map((name) => {
    const file = values[name];
    if (!file) throw new UsageError(`--${name} is missing.`);
    return file;
  });
  const [clips, images, backgrounds] = files.map((file) => new Uint8Array(readFileSync(file)));
  const count = images.length / picture;
  if (!Number.isInteger(count) || backgrounds.length !== images.length || clips.length !== count * clipFrames * picture) {
    throw new Error(`The files are not ${clipFrames} frames, an image and a background of ${side} x ${side} pixels a clip.`);
  }
  const whole = new Uint8Array(clips.length);
  for (let k = 0; k < count; k++) {
    const frames = clips.subarray(k * clipFrames * picture, (k + 1) * clipFrames * picture);
    const [image, background] = [images, backgrounds].map((pictures) => pictures.subarray(k * picture, (k + 1) * picture));
    whole.set(withWholeBodies(frames, image, background, { height: side, width: side }), k * clipFrames * picture);
  }
  const part = `${files[0]}.part`;
  writeFileSync(part, whole);
  renameSync(part, files[0]);
}

await runCommand(command.invocation, main);
