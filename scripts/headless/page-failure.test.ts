// What failures of the headless page become on the command line.
import { expect, test } from 'vitest';
import { UsageError } from '../command-line.ts';
import { fromPage, PageFailure, pageSentence } from './page-failure.ts';

test.each([
  ['page.evaluate: Error: letter.png is not an image.\n    at image (http://127.0.0.1:1/a.ts:3:9)\n    at b',
    'letter.png is not an image.'],
  ['page.evaluate: WeightsError: http://127.0.0.1/nano/model.json is not there: status 404.\n    at x',
    'http://127.0.0.1/nano/model.json is not there: status 404.'],
  ['page.evaluate: Error: matmul: ours is off by 3.\n    at x', 'matmul: ours is off by 3.'],
  ['page.goto: net::ERR_CONNECTION_REFUSED at http://127.0.0.1:1/\nCall log:\n  - navigating',
    'net::ERR_CONNECTION_REFUSED at http://127.0.0.1:1/'],
  ['Capture: a step keeps 3 tensors.', 'Capture: a step keeps 3 tensors.'],
])('%j', (report, sentence) => {
  expect(pageSentence(report)).toBe(sentence);
});

test('only what the page threw is rewritten', () => {
  const thrown = new Error('page.evaluate: Error: It is broken.\n    at f (http://127.0.0.1/a.ts:1:1)');
  const failure = fromPage(thrown);
  expect(failure).toBeInstanceOf(PageFailure);
  expect(failure).toMatchObject({ message: 'It is broken.', cause: thrown });
  const own = new UsageError('--works is wrong.');
  expect(fromPage(own)).toBe(own);
});
