/** Votes are called by number, in the order of the log. */
import type { VoteEvent, VoteId } from '../../../protocol/records.ts';

/** Rows that a table draws; the export has them all. */
export const shownRows = 200;

export function numbersOf(events: readonly VoteEvent[]): Map<VoteId, number> {
  const added = events.filter((event) => event.kind === 'vote.added');
  return new Map(added.map((event, index) => [event.id, index + 1]));
}
