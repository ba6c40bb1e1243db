/**
 * What leaves the studio as text: the label log as JSONL, training steps as CSV. Binary fields stay behind.
 */
import { standingVotes, type PairRecord, type TrainingStep, type VoteEvent } from '../protocol/records.ts';

/**
 * One line an event of the label log, in order; each vote carries what is known of its pair and whether it
 * still stands. Image sources are named, their pixels left out.
 */
export function votesAsJsonl(events: readonly VoteEvent[], pairs: readonly PairRecord[]): string {
  const pairOf = new Map(pairs.map((pair) => [pair.id, pair]));
  const standing = new Set(standingVotes(events).map((vote) => vote.id));
  return events
    .map((event) => {
      if (event.kind === 'vote.removed') return JSON.stringify(event);
      const pair = pairOf.get(event.pairId);
      const source = pair?.source.kind === 'image' ? { kind: 'image', name: pair.source.name } : pair?.source;
      return JSON.stringify({
        ...event,
        standing: standing.has(event.id),
        pair: pair && {
          source,
          description: pair.description,
          seeds: pair.seeds,
          sampler: pair.sampler,
          generator: pair.generator,
        },
      });
    })
    .map((line) => `${line}\n`)
    .join('');
}

const columns = [
  'step',
  'stage',
  'loss',
  'rewards/chosen',
  'rewards/rejected',
  'rewards/accuracies',
  'rewards/margins',
  'gradientNorm',
  'learningRate',
  'beta',
  'milliseconds',
] as const;

const errorColumns = ['policyChosen', 'policyRejected', 'referenceChosen', 'referenceRejected'] as const;

/** One line a training step, with TRL's names. */
export function stepsAsCsv(steps: readonly TrainingStep[]): string {
  const header = [...columns, ...errorColumns.map((name) => `errors/${name}`), 'votes'].join(',');
  const rows = steps.map((step) =>
    [
      ...columns.map((name) => step[name]),
      ...errorColumns.map((name) => step.errors[name]),
      step.voteIds.join(' '),
    ].join(','),
  );
  return [header, ...rows].map((line) => `${line}\n`).join('');
}
