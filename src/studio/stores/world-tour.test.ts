// The tour asks only when opened, and shows only what was asked for last.

import { expect, test } from 'vitest';
import type { PageRequest, WorldShown } from '../../protocol/messages.ts';
import { createWorldTour } from './world-tour.ts';

const families = [
  { name: 'free-fall', title: 'Free fall', domain: 'rigid', law: 'It falls.', quantity: 'g, m/s²' },
  { name: 'heat', title: 'Heat', domain: 'thermal', law: 'It spreads.', quantity: 'm²/s' },
] as const;

function shown(family: string, seed: number, split: 'train' | 'unseen' = 'train'): WorldShown {
  return {
    kind: 'world.shown', source: { kind: 'scene', family, split, seed }, description: 'Rigid, a ball falls',
    clip: { frames: new Uint8Array(3), shape: [1, 1, 1], framesPerSecond: 12.5 }, law: { expected: 1, measured: null },
  };
}

function tour() {
  const sent: PageRequest[] = [];
  const made = createWorldTour((request) => sent.push(request));
  return { made, sent };
}

test('nothing is asked for before it is opened, and the list only once', () => {
  const { made, sent } = tour();
  expect(sent).toEqual([]);
  made.toggle();
  made.receive({ kind: 'world.listed', families: [...families] });
  made.toggle();
  made.toggle();
  expect(sent.filter(({ kind }) => kind === 'world.list')).toHaveLength(1);
  expect(sent.filter(({ kind }) => kind === 'world.show')).toHaveLength(2);
});

test('a late scene of an earlier choice is left out', () => {
  const { made } = tour();
  made.toggle();
  made.receive({ kind: 'world.listed', families: [...families] });
  made.receive(shown('heat', 0));
  made.next();
  made.receive(shown('heat', 0));
  made.receive(shown('free-fall', 1));
  made.choose('unseen');
  made.receive(shown('free-fall', 1));
  made.receive(shown('heat', 1, 'unseen'));
  const { shown: now } = made.store.getState();
  expect(now['free-fall']?.source).toMatchObject({ seed: 1, split: 'train' });
  expect(now['heat']?.source).toMatchObject({ seed: 1, split: 'unseen' });
});

test('a refusal is said, and forgotten with the next choice', () => {
  const { made } = tour();
  made.receive({ kind: 'request.refused', request: 'world.show', sentence: 'No good scene.' });
  expect(made.store.getState().refused).toBe('No good scene.');
  made.next();
  expect(made.store.getState().refused).toBeNull();
});
