/**
 * The preference set: which pairs may be trained on, and which clip of each won.
 *
 * Votes come in, and go out again by undo. Per pair the last standing vote counts. A tie, both-bad or skip
 * never becomes a training win; as the last vote of a pair it takes the pair out. Pairs are drawn in shuffled
 * rounds, so that every vote is learned from once before any is learned from twice; the order is a pure
 * function of seed, draw and the number of pairs, so a resumed run draws what an uninterrupted one would.
 */
import { Random } from '../math/random.ts';

/** A vote as the set sees it: `chosen` is null unless one clip won. */
export interface PreferenceVote {
  readonly id: string;
  readonly pairId: string;
  readonly chosen: 'a' | 'b' | null;
}

/** A pair with a winner. */
export interface Preference {
  readonly voteId: string;
  readonly pairId: string;
  readonly chosen: 'a' | 'b';
}

/** Votes in the order of the log. Values are immutable: every change makes a new set. */
export class PreferenceSet {
  private readonly votes: readonly PreferenceVote[];
  /** Pairs with a winner, in the order in which they were first voted on. */
  readonly preferences: readonly Preference[];

  constructor(votes: readonly PreferenceVote[] = []) {
    this.votes = votes;
    const last = new Map<string, PreferenceVote>();
    for (const vote of votes) last.set(vote.pairId, vote);
    this.preferences = [...last.values()].flatMap(({ id, pairId, chosen }) =>
      chosen === null ? [] : [{ voteId: id, pairId, chosen }]);
  }

  /** With one more vote; a vote that is there already changes nothing. */
  add(vote: PreferenceVote): PreferenceSet {
    return this.votes.some(({ id }) => id === vote.id) ? this : new PreferenceSet([...this.votes, vote]);
  }

  /** Without a vote: the vote before it on the same pair, if any, counts again. */
  remove(voteId: string): PreferenceSet {
    return new PreferenceSet(this.votes.filter(({ id }) => id !== voteId));
  }

  /** Without the pairs for which `keep` is false, their votes included. */
  filter(keep: (pairId: string) => boolean): PreferenceSet {
    return new PreferenceSet(this.votes.filter(({ pairId }) => keep(pairId)));
  }

  /**
   * The preferences of draws first .. first + count - 1.
   * @throws RangeError when the set has no pair with a winner
   */
  draw(seed: number, first: number, count: number): Preference[] {
    const size = this.preferences.length;
    if (size === 0) throw new RangeError('There is no pair with a winner to learn from.');
    const drawn: Preference[] = [];
    let order: Preference[] = [];
    for (let i = first; i < first + count; i++) {
      if (i === first || i % size === 0) {
        order = new Random(seed, Math.floor(i / size)).shuffle(this.preferences);
      }
      drawn.push(order[i % size]);
    }
    return drawn;
  }
}
