// The report of `npm run evaluate`: exactly the fields that are promised.
import { expect, test } from 'vitest';
import { evaluationReport } from './evaluation-report.ts';

const interval = { mean: 0.5, low: 0.4, high: 0.6, n: 2 };
const scores = {
  l2: { ...interval, mean: NaN }, strictL2: interval, chamfer: interval, strictChamfer: interval,
  iou: interval, survival: interval,
};

test('a report has the request, the three results and the reconstruction beside them', () => {
  const request = {
    size: 'nano', engine: 'auto', family: 'free-fall', split: 'seen', firstSeed: 3, clips: 2, sampler: { steps: 4 },
  } as const;
  const answer = { adapter: 'a GPU', model: scores, floor: scores, still: scores, reconstruction: interval };
  const report = JSON.parse(JSON.stringify(evaluationReport(request, answer)));
  expect(Object.keys(report)).toEqual(
    ['adapter', 'size', 'family', 'split', 'firstSeed', 'clips', 'results', 'reconstruction']);
  expect(report).toMatchObject({
    adapter: 'a GPU', size: 'nano', family: 'free-fall', split: 'seen', firstSeed: 3, clips: 2,
    reconstruction: interval,
  });
  expect(Object.keys(report.results)).toEqual(['model', 'floor', 'still']);
  for (const result of Object.values<typeof scores>(report.results)) {
    expect(Object.keys(result)).toEqual(
      ['l2', 'strictL2', 'chamfer', 'strictChamfer', 'iou', 'survival']);
    expect(result.survival).toEqual(interval);
    // No clip had it: JSON knows no NaN.
    expect(result.l2.mean).toBeNull();
  }
});
