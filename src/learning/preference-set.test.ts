// The preference set: what becomes a training win, and in which order pairs are drawn.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PreferenceSet } from './preference-set.ts';
import type { PreferenceVote } from './preference-set.ts';

const vote = (id: string, pairId: string, chosen: 'a' | 'b' | null): PreferenceVote =>
  ({ id, pairId, chosen });

test('the last standing vote of a pair counts, and undo brings the one before it back', () => {
  const set = new PreferenceSet([vote('1', 'p', 'a'), vote('2', 'p', 'b')]);
  expect(set.preferences).toEqual([{ voteId: '2', pairId: 'p', chosen: 'b' }]);
  expect(set.remove('2').preferences).toEqual([{ voteId: '1', pairId: 'p', chosen: 'a' }]);
  expect(set.remove('2').remove('1').preferences).toEqual([]);
  expect(set.preferences).toHaveLength(1);
});

test('ties, both-bad and skips never win, and take their pair out', () => {
  const set = new PreferenceSet([vote('1', 'p', 'a'), vote('2', 'p', null), vote('3', 'q', null)]);
  expect(set.preferences).toEqual([]);
  expect(() => set.draw(1, 0, 1)).toThrow(RangeError);
});

test('a vote that is there already changes nothing', () => {
  const set = new PreferenceSet([vote('1', 'p', 'a')]);
  expect(set.add(vote('1', 'p', 'b'))).toBe(set);
});

test('every pair is drawn once a round, and draws do not depend on where they start', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 5 }), (size, seed) => {
    const votes = Array.from({ length: size }, (_, i) => vote(`v${i}`, `p${i}`, i % 2 ? 'a' : 'b'));
    const set = new PreferenceSet(votes);
    const whole = set.draw(seed, 0, 3 * size).map((preference) => preference.pairId);
    for (let round = 0; round < 3; round++) {
      expect(new Set(whole.slice(round * size, (round + 1) * size)).size).toBe(size);
    }
    const cut = Math.floor(1.5 * size);
    const parts = [...set.draw(seed, 0, cut), ...set.draw(seed, cut, 3 * size - cut)];
    expect(parts.map((preference) => preference.pairId)).toEqual(whole);
  }));
});

test('whatever is added and removed, no tie becomes a win and no pair stands twice', () => {
  const choices = fc.constantFrom('a' as const, 'b' as const, null);
  const pairs = fc.integer({ min: 0, max: 4 });
  const events = fc.array(fc.record({ pair: pairs, chosen: choices, undo: fc.boolean() }));
  fc.assert(fc.property(events, (list) => {
    let set = new PreferenceSet();
    const standing: PreferenceVote[] = [];
    list.forEach(({ pair, chosen, undo }, i) => {
      const last = standing[standing.length - 1];
      if (undo && last !== undefined) {
        set = set.remove(last.id);
        standing.pop();
      } else {
        const added = vote(`v${i}`, `p${pair}`, chosen);
        set = set.add(added);
        standing.push(added);
      }
    });
    const pairs = set.preferences.map(({ pairId }) => pairId);
    expect(new Set(pairs).size).toBe(pairs.length);
    for (const { voteId, pairId, chosen } of set.preferences) {
      const own = standing.filter((candidate) => candidate.pairId === pairId);
      expect(own[own.length - 1]).toEqual({ id: voteId, pairId, chosen });
    }
  }));
});
