// The page before its script: words that stay where the script does not start.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the page is not blank without its script', () => {
  const page = readFileSync(new URL('../../index.html', import.meta.url), 'utf8');
  const inside = /<div id="studio">([\s\S]*)<\/div>/.exec(page)?.[1] ?? '';
  expect(inside).toMatch(/<h1>PhysMaster Studio<\/h1>/);
  expect(inside).toMatch(/reload the page/);
  expect(inside).toMatch(/<noscript>.*JavaScript.*<\/noscript>/);
});
