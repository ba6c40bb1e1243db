// What every WGSL module must keep to, checked on the text.

import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../../shaders/', import.meta.url);
const files = readdirSync(folder, { recursive: true }).map(String).filter((name) => name.endsWith('.wgsl'));

// WGSL zeroes `var sum: T;` each time its declaration is reached; Chromium 156 does so only the first time,
// so a sum declared in a loop without an initialiser keeps the value of the turn before.
test.each(files)('%s initialises every function-scope variable', (name) => {
  const code = readFileSync(new URL(name, folder), 'utf8');
  expect(code.match(/^\s+var \w+: [^=]*;$/gm) ?? []).toEqual([]);
});
