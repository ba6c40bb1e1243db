// The port of `npm start`: what the environment may say, and what a mistake in it does.
import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';
import { portFrom } from './install.mjs';

test('a port that is unset or empty is the usual one; others are checked', () => {
  expect([undefined, '', ' '].map(portFrom)).toEqual([4173, 4173, 4173]);
  expect(['0', '8080', '65535'].map(portFrom)).toEqual([0, 8080, 65535]);
  for (const text of ['-1', '65536', '80.5', 'http', '4173x']) expect(portFrom(text)).toBeNaN();
});

test('npm start refuses a port that is none before it installs anything', async () => {
  const { code, stderr } = await new Promise<{ code: number | null; stderr: string }>((resolve) => {
    const env = { ...process.env, PORT: 'http' };
    const child = execFile(process.execPath, ['scripts/start.mjs'], { env }, (_error, _stdout, text) =>
      resolve({ code: child.exitCode, stderr: text }));
  });
  expect(code).toBe(2);
  expect(stderr).toContain('not "http"');
});
