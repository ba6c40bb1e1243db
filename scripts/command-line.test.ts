// Command lines: what is read, what is refused, and with which exit code; the commands end to end.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, serialize } from '../src/model/safetensors.ts';
import { oneOf, readFlags, usage, UsageError, wholeNumber, type Command } from './command-line.ts';

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
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath, ['--import', 'tsx', `scripts/${script}.ts`, ...words],
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'physmaster-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starting Node and loading the world takes a while on a busy machine. */
const patience = { timeout: 240_000 };

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
