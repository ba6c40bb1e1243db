import { expect, test } from 'vitest';
import type { EventOf } from '../../protocol/messages.ts';
import { createSessionStore, loadedShare } from './session.ts';

test('the loading bar never falls back', () => {
  const at = (phase: EventOf<'session.progress'>['phase'], loadedBytes = 0, totalBytes = 0) =>
    loadedShare({ kind: 'session.progress', phase, loadedBytes, totalBytes, message: '' });
  const shares = [
    loadedShare(null), at('device'), at('world'), at('weights'), at('weights', 3, 12), at('weights', 12, 12),
    at('check'), at('upload'), at('restore'),
  ];
  expect(shares).toEqual([0, 0, 0, 0, 0.25, 1, 1, 1, 1]);
});

test('an error of the GPU is told', () => {
  const session = createSessionStore();
  session.receive({ kind: 'device.faulted', sentence: 'The GPU reported an error.' });
  expect(session.store.getState().notices).toMatchObject([
    { tone: 'warning', text: 'The GPU reported an error.' },
  ]);
});
