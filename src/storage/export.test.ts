import { expect, test } from 'vitest';
import type { VoteAdded, VoteEvent } from '../protocol/records.ts';
import { stepsAsCsv, votesAsJsonl } from './export.ts';

const vote: VoteAdded = {
  kind: 'vote.added',
  id: 'vote-1',
  pairId: 'pair-1',
  time: '2026-01-01T00:00:00.000Z',
  choice: 'right',
  sides: { left: 'a', right: 'b' },
  chosen: 'b',
  reasons: [],
  latency: 900,
  watched: 0.8,
  replays: 1,
  input: 'key',
  automatic: false,
  appVersion: '0.1.0',
  modelHash: 'abc',
  generatorStep: 3,
};

test('every event is a line, and an undone vote says so', () => {
  const events: VoteEvent[] = [
    vote,
    { ...vote, id: 'vote-2' },
    { kind: 'vote.removed', id: 'vote-3', removes: 'vote-1', time: vote.time },
  ];
  const lines: unknown[] = votesAsJsonl(events, [])
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { id: 'vote-1', standing: false },
    { id: 'vote-2', standing: true },
    { removes: 'vote-1' },
  ]);
});

test('steps become a table with TRL names', () => {
  const csv = stepsAsCsv([
    {
      step: 1,
      stage: 'generator',
      loss: Math.LN2,
      'rewards/chosen': 0,
      'rewards/rejected': 0,
      'rewards/accuracies': 0.5,
      'rewards/margins': 0,
      errors: { policyChosen: 1, policyRejected: 2, referenceChosen: 1, referenceRejected: 2 },
      gradientNorm: 0.1,
      learningRate: 1e-4,
      beta: 100,
      voteIds: ['vote-1', 'vote-2'],
      milliseconds: 20,
      warmUp: false,
    },
  ]);
  const [header, row] = csv.split('\n').map((line) => line.split(','));
  expect(header).toHaveLength(row.length);
  expect(header.slice(0, 3)).toEqual(['step', 'stage', 'loss']);
  expect(row.at(-1)).toBe('vote-1 vote-2');
});
