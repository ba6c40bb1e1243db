import { describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { parseEvent, parseRequest, ProtocolError, transferablesOf } from './messages.ts';
import { standingVotes, VoteAdded } from './records.ts';

const vote: VoteAdded = {
  kind: 'vote.added',
  id: 'vote-1',
  pairId: 'pair-1',
  time: '2026-01-01T00:00:00.000Z',
  choice: 'left',
  sides: { left: 'b', right: 'a' },
  chosen: 'b',
  reasons: ['gravity'],
  latency: 1200,
  watched: 1,
  replays: 2,
  input: 'key',
  automatic: false,
  appVersion: '0.1.0',
  modelHash: 'abc',
  generatorStep: 0,
};

describe('messages', () => {
  test('a vote travels unchanged', () => {
    expect(parseRequest({ kind: 'vote.add', vote })).toEqual({ kind: 'vote.add', vote });
  });

  test('a vote whose chosen clip is not on the chosen side is refused', () => {
    expect(v.is(VoteAdded, { ...vote, chosen: 'a' })).toBe(false);
    expect(v.is(VoteAdded, { ...vote, choice: 'tie' })).toBe(false);
    expect(v.is(VoteAdded, { ...vote, choice: 'tie', chosen: null })).toBe(true);
  });

  test('a refusal names the message and the field', () => {
    expect(() => parseRequest({ kind: 'training.take', steps: 0 })).toThrow(ProtocolError);
    expect(() => parseRequest({ kind: 'training.take', steps: 0 })).toThrow(/training\.take.*steps/);
    expect(() => parseRequest({ kind: 'model.explode' })).toThrow(/model\.explode/);
    const named = expect.objectContaining({ kind: 'pair.request' });
    expect(() => parseRequest({ kind: 'pair.request' })).toThrow(named);
    expect(() => parseEvent(null)).toThrow(/unnamed/);
  });

  test('a clip of another size than it says is refused', () => {
    const clip = { frames: new Uint8Array(10), shape: [1, 2, 2], framesPerSecond: 12.5 };
    const ready = {
      kind: 'pair.ready',
      pairId: 'pair-1',
      source: { kind: 'scene', family: 'free-fall', split: 'train', seed: 1 },
      description: 'a ball falls',
      clips: { a: clip, b: clip },
      sides: { left: 'a', right: 'b' },
      seeds: [1, 2],
      sampler: { method: 'euler', steps: 4, guidance: 1, temperature: 1 },
      generator: { modelHash: 'abc', step: 0 },
      truth: null,
      outsideNote: null,
      automatic: false,
      milliseconds: 1,
    };
    expect(() => parseEvent(ready)).toThrow(/clips\.a/);
    const whole = { ...clip, frames: new Uint8Array(12) };
    const event = parseEvent({ ...ready, clips: { a: whole, b: { ...whole, frames: new Uint8Array(12) } } });
    expect(transferablesOf(event)).toHaveLength(2);
  });

  test('an undone vote no longer stands', () => {
    const second = { ...vote, id: 'vote-2' as const };
    const undo = { kind: 'vote.removed', id: 'vote-3', removes: 'vote-1', time: vote.time } as const;
    expect(standingVotes([vote, second, undo]).map((standing) => standing.id)).toEqual(['vote-2']);
  });
});
