import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Every colour token as [light, dark], read from the style sheet. */
const tokens = new Map(
  [...readFileSync(new URL('./tokens.css', import.meta.url), 'utf8').matchAll(
    /--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g,
  )].map(([, name, light, dark]) => [name, [light, dark]]),
);

/** WCAG 2.1 relative luminance of #rrggbb. */
function luminance(colour: string): number {
  const channel = (start: number) => {
    const value = parseInt(colour.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(first: string, second: string): number {
  const [high, low] = [luminance(first), luminance(second)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const texts: [string, string[]][] = [
  ['ink', ['paper', 'sheet', 'well', 'accent-soft', 'warning-soft']],
  ['ink-2', ['paper', 'sheet', 'well']],
  ['ink-3', ['paper', 'sheet']],
  ['accent', ['paper', 'sheet']],
  ['rejected', ['paper', 'sheet']],
  ['warning', ['paper', 'sheet', 'warning-soft']],
  ['on-accent', ['accent', 'accent-strong']],
];

test.each([0, 1])('text stands out from its ground by 4.5 or more (theme %i)', (theme) => {
  for (const [text, grounds] of texts) {
    for (const ground of grounds) {
      const value = contrast(tokens.get(text)![theme], tokens.get(ground)![theme]);
      expect(value, `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  }
});
