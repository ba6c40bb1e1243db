// A result is kept only while nothing that it was made from is newer.
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isUpToDate } from './freshness.ts';

const folder = mkdtempSync(join(tmpdir(), 'physmaster-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file last written so many seconds after the first. */
function file(name: string, seconds: number): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  utimesSync(path, 1_000_000 + seconds, 1_000_000 + seconds);
  return path;
}

test('metrics older than a checkpoint are measured again', () => {
  const metrics = file('metrics.json', 10);
  const [old, fresh] = [file('base.pt', 5), file('decoder.pt', 20)];
  expect(isUpToDate(metrics, [old])).toBe(true);
  expect(isUpToDate(metrics, [old, fresh])).toBe(false);
  expect(isUpToDate(join(folder, 'none.json'), [old])).toBe(false);
  expect(isUpToDate(metrics, [old, join(folder, 'stage_one.pt')])).toBe(true);
});
