// Command lines: what is read, what is refused, and with which exit code; the commands end to end.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, serialize } from '../src/model/safetensors.ts';
import { oneOf, readFlags, usage, UsageError, wholeNumber, type Command } from './command-line.ts';
import { samplerFromFlags } from './model-flags.ts';
import { checkOutputFile, makeFolder } from './output-paths.ts';

const command: Command<'clips' | 'out' | 'json' | 'quiet'> = {
  invocation: 'npm run thing --',
  summary: 'Does a thing.',
  flags: {
    clips: { value: 'K', help: 'how many', default: '8' },
    out: { value: 'DIR', help: 'where to' },
    json: { value: 'FILE', help: 'report', optional: true },
    quiet: { help: 'say nothing' },
  },
};

describe('readFlags', () => {
  test('fills in defaults and keeps what is given', () => {
    expect(readFlags(command, ['--out', 'a', '--quiet']))
      .toEqual({ clips: '8', out: 'a', json: undefined, quiet: 'true' });
    expect(readFlags(command, ['--out=b', '--clips', '3'])).toMatchObject({ clips: '3', out: 'b' });
  });

  test.each([
    [['--out', 'a', '--bogus']], [['--out', 'a', 'stray']], [[]], [['--out']],
  ])('refuses %j', (words) => {
    expect(() => readFlags(command, words)).toThrow(UsageError);
  });

  test('the help names every flag, its value and whether it must be given', () => {
    const text = usage(command);
    for (const part of ['--clips K', '(default 8)', '--out DIR', '(required)', '--quiet', '--help']) {
      expect(text).toContain(part);
    }
  });

  test('numbers and words are checked by name', () => {
    expect(wholeNumber('clips', '12', 1, 20)).toBe(12);
    for (const text of ['0', '21', '1.5', '-3', 'x', '', undefined]) {
      expect(() => wholeNumber('clips', text, 1, 20)).toThrow('--clips');
    }
    expect(oneOf('split', 'seen', ['seen', 'unseen'])).toBe('seen');
    expect(() => oneOf('split', 'sen', ['seen', 'unseen'])).toThrow('seen, unseen');
  });
});

/** Runs a script as a user would; resolves with its exit code and output. */
function run(script: string, words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const file = script === 'bench' ? 'bench/bench.ts' : `scripts/${script}.ts`;
  // Nothing here may start a browser: a command that gets so far fails by this path.
  const env = { ...process.env, CHROMIUM_PATH: noBrowser };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath, ['--import', 'tsx', file, ...words], { env },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

const noBrowser = '/nowhere/chromium';
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'physmaster-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starting Node and loading the world takes a while on a busy machine. */
const patience = { timeout: 240_000 };

test('sampler flags that are absent are left to the model', () => {
  expect(samplerFromFlags({})).toEqual({});
  expect(samplerFromFlags({ steps: '8', guidance: '1.5', temperature: '0.5', method: 'heun' }))
    .toEqual({ steps: 8, guidance: 1.5, temperature: 0.5, method: 'heun' });
  for (const text of ['-1', 'x', '']) {
    expect(() => samplerFromFlags({ guidance: text })).toThrow('--guidance');
    expect(() => samplerFromFlags({ temperature: text })).toThrow('--temperature');
  }
  expect(() => samplerFromFlags({ steps: '0' })).toThrow('--steps');
  expect(() => samplerFromFlags({ method: 'best' })).toThrow('--method');
});

describe('places to write', () => {
  test('a file needs a folder that is there, and must not be one', () => {
    expect(() => checkOutputFile(undefined)).not.toThrow();
    expect(() => checkOutputFile(join(folder, 'new.json'))).not.toThrow();
    expect(() => checkOutputFile(folder)).toThrow('is a folder');
    expect(() => checkOutputFile(join(folder, 'none', 'x.json'))).toThrow('there is no folder');
  });

  test('a folder is made with those above it', () => {
    makeFolder(join(folder, 'deep', 'down'));
    expect(() => checkOutputFile(join(folder, 'deep', 'down', 'x.json'))).not.toThrow();
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeFolder(join(folder, 'file', 'below'))).toThrow('cannot be made');
  });
});

describe('the world command', patience, () => {
  test('writes clips, metadata and a contact sheet', async () => {
    const words = ['--split', 'unseen', '--first-seed', '5', '--clips', '2', '--out', folder];
    const { code, stderr } = await run('world', words);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { tensors, metadata } = parse(readFileSync(join(folder, 'clip-6.safetensors')));
    expect(tensors.get('frames')).toMatchObject({ dtype: 'U8', shape: [25, 64, 64, 3] });
    expect(tensors.get('masks')).toMatchObject({ dtype: 'U8', shape: [25, 64, 64] });
    expect(tensors.get('depth')).toMatchObject({ dtype: 'F32', shape: [25, 64, 64] });
    const lines = readFileSync(join(folder, 'metadata.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).seed)).toEqual([5, 6]);
    expect(JSON.parse(lines[1]).prompt).toBe(metadata.prompt);
    const sheet = decode(readFileSync(join(folder, 'contact-sheet.png')));
    expect(sheet.width).toBeGreaterThan(13 * 128);
    expect(sheet.height).toBeGreaterThan(2 * 128);
  });

  test('says what is wrong and fails', async () => {
    const unknown = await run('world', ['--out', folder, '--colour', 'red']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('--colour');
    const split = await run('world', ['--out', folder, '--split', 'both']);
    expect(split.code).toBe(2);
    expect(split.stderr).toContain('wide, train, seen, unseen');
  });
});

describe('the score command', patience, () => {
  const save = (name: string, shape: number[], data: Uint8Array, tensor = 'masks') => {
    const path = join(folder, name);
    writeFileSync(path, serialize([[tensor, { dtype: 'U8', shape, data }]]));
    return path;
  };

  test('prints the metrics of two files', async () => {
    const truth = new Uint8Array(3 * 64 * 64);
    for (let frame = 0; frame < 3; frame++) truth[frame * 4096 + 20 * 64 + 20] = 2;
    const predicted = truth.slice();
    predicted.copyWithin(4096, 4096 + 640, 8192);
    const { code, stdout } = await run('score', [
      '--predicted', save('p.safetensors', [3, 64, 64], predicted),
      '--truth', save('t.safetensors', [3, 64, 64], truth),
    ]);
    expect(code).toBe(0);
    const scores = JSON.parse(stdout);
    expect(scores.l2).toBeCloseTo(0.0184, 4);
    expect(Object.keys(scores)).toEqual(
      ['l2', 'strictL2', 'chamfer', 'strictChamfer', 'iou', 'survival', 'frames'],
    );
  });

  test('names what does not fit', async () => {
    const good = save('g.safetensors', [1, 4, 4], new Uint8Array(16));
    const other = save('o.safetensors', [2, 4, 4], new Uint8Array(32));
    const shapes = await run('score', ['--predicted', good, '--truth', other]);
    expect(shapes.code).toBe(1);
    expect(shapes.stderr).toContain('[1, 4, 4]');
    const missing = save('m.safetensors', [1, 4, 4], new Uint8Array(16), 'frames');
    const tensor = await run('score', ['--predicted', good, '--truth', missing]);
    expect(tensor.code).toBe(1);
    expect(tensor.stderr).toContain('no tensor "masks"');
    const absent = await run('score', ['--predicted', good, '--truth', join(folder, 'none')]);
    expect(absent.code).toBe(1);
    expect(absent.stderr).toContain('cannot be read');
  });
});

describe('the score-clips command', patience, () => {
  const words = ['--family', 'free-fall', '--split', 'seen', '--clips', '1', '--side', '32'];
  const black = () => {
    const path = join(folder, 'black.u8');
    writeFileSync(path, new Uint8Array(25 * 32 * 32 * 3));
    return path;
  };

  test('scores clips of several kinds beside the first frame repeated and the truth', async () => {
    const { code, stdout } = await run('score-clips', [...words, '--predicted', `one=${black()},two=${black()}`]);
    expect(code).toBe(0);
    const { results, laws } = JSON.parse(stdout);
    expect(Object.keys(results)).toEqual(['still', 'truth', 'one', 'two']);
    expect(Object.keys(laws)).toEqual(Object.keys(results));
    expect(results.one).toEqual(results.two);
    expect(results.one.survival.mean).toBe(0);
    expect(results.truth.strictL2.mean).toBeLessThan(results.still.strictL2.mean);
  });

  test('names what does not fit', async () => {
    const nameless = await run('score-clips', [...words, '--predicted', black()]);
    expect(nameless.stderr).toContain('NAME=FILE');
    const taken = await run('score-clips', [...words, '--predicted', `still=${black()}`]);
    expect(taken.stderr).toContain('cannot be called still');
    const short = await run('score-clips', [...words, '--clips', '2', '--predicted', `one=${black()}`]);
    expect(short.stderr).toContain('2 clips need');
    expect([nameless.code, taken.code, short.code].every((code) => code > 0)).toBe(true);
  });
});

describe('the whole-bodies command', patience, () => {
  const picture = 32 * 32 * 3;
  /** A grey clip whose square is put elsewhere without its corners, its first frame, and that without the square. */
  function written(clips = 25): Record<'clips' | 'images' | 'backgrounds', string> {
    const still = new Uint8Array(picture).fill(128);
    const withSquare = (left: number, corners: boolean) => {
      const pixels = still.slice();
      for (let y = 8; y < 18; y++) {
        for (let x = left; x < left + 10; x++) {
          const isCorner = (y < 10 || y > 15) && (x < left + 2 || x > left + 7);
          if (corners || !isCorner) pixels.set([20, 60, 220], 3 * (y * 32 + x));
        }
      }
      return pixels;
    };
    const frames = [withSquare(6, true), ...Array.from({ length: clips - 1 }, () => withSquare(14, false))];
    const files = { clips: frames.flatMap((frame) => [...frame]), images: [...frames[0]], backgrounds: [...still] };
    return Object.fromEntries(Object.entries(files).map(([name, values]) => {
      const path = join(folder, `whole-${name}.u8`);
      writeFileSync(path, Uint8Array.from(values));
      return [name, path];
    })) as ReturnType<typeof written>;
  }
  const flagsOf = (files: Record<string, string>) => [
    '--side', '32', ...Object.entries(files).flatMap(([name, path]) => [`--${name}`, path]),
  ];

  test('puts a square whole where it has come to', async () => {
    const files = written();
    const { code } = await run('whole-bodies', flagsOf(files));
    expect(code).toBe(0);
    const clips = readFileSync(files.clips);
    expect(clips.length).toBe(25 * picture);
    const blueAt = (frame: number, x: number, y: number) => clips[frame * picture + 3 * (y * 32 + x) + 2];
    expect([blueAt(0, 6, 8), blueAt(12, 14, 8), blueAt(24, 23, 17)].every((blue) => blue > 190)).toBe(true);
    expect(blueAt(12, 13, 8)).toBeLessThan(150);
  });

  test('names what does not fit, and leaves the clips as they were', async () => {
    const files = written(24);
    const before = readFileSync(files.clips);
    const short = await run('whole-bodies', flagsOf(files));
    expect(short.code).toBe(1);
    expect(short.stderr).toContain('25 frames, an image and a background of 32 x 32 pixels a clip');
    expect(readFileSync(files.clips)).toEqual(before);
    const nameless = await run('whole-bodies', ['--side', '32']);
    expect(nameless.code).toBe(2);
    expect(nameless.stderr).toContain('--clips is missing');
  });
});

describe('the commands that run a model', { ...patience, concurrent: true }, () => {
  /** A picture of one colour. */
  const image = () => {
    const path = join(folder, 'grey.png');
    const data = new Uint8Array(32 * 32 * 3).fill(128);
    writeFileSync(path, encode({ width: 32, height: 32, data, channels: 3 }));
    return path;
  };
  /** No folder can be made below a file, whoever asks. */
  const belowFile = () => {
    const path = join(folder, 'a-file');
    writeFileSync(path, '');
    return join(path, 'below');
  };

  test.each<[string, () => string[], number, string]>([
    ['generate', () => ['--image', image(), '--out', folder, '--seeds', '1,x'], 2, '--seeds'],
    ['generate', () => ['--image', join(folder, 'none.png'), '--out', folder], 1, 'none.png cannot be read'],
    ['generate', () => ['--image', image(), '--out', belowFile()], 1, 'cannot be made'],
    ['generate', () => ['--image', image(), '--out', folder], 1, `${noBrowser} could not be started`],
    ['evaluate', () => ['--clips', '0'], 2, '--clips'],
    ['evaluate', () => ['--json', belowFile()], 1, 'cannot be written'],
    ['gallery', () => ['--families', 'nothing', '--out', folder], 2, '--families'],
    ['profile', () => ['--size', 'huge'], 2, '--size'],
    ['soak', () => ['--steps', '1'], 2, '--steps'],
    ['bench', () => ['--works', 'matmul,nothing'], 2, 'dpo-step-javascript'],
    ['bench', () => ['--markdown', folder], 1, 'is a folder'],
  ])('%s says what is wrong and fails (%#)', async (script, words, code, sentence) => {
    const result = await run(script, words());
    expect(result.stderr).toContain(sentence);
    expect(result.stderr.trim().split('\n')).toHaveLength(code);
    expect(result.code).toBe(code);
    expect(result.stdout).toBe('');
  });
});
