import { expect, test } from 'vitest';
import type { EventOf, ModelCard } from '../../protocol/messages.ts';
import { createSessionStore, familiesOf, galleryOf, loadedShare } from './session.ts';

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
  const session = createSessionStore(() => {});
  session.receive({ kind: 'device.faulted', sentence: 'The GPU reported an error.' });
  expect(session.store.getState().notices).toMatchObject([
    { tone: 'warning', text: 'The GPU reported an error.' },
  ]);
});

test('kernels are timed once at a time, and a refusal is told', () => {
  const sent: string[] = [];
  const session = createSessionStore(({ kind }) => sent.push(kind));
  session.profile();
  session.profile();
  expect(sent).toEqual(['profile.request']);
  session.receive({ kind: 'profile.progress', done: 2, of: 5 });
  expect(session.store.getState().profiling).toEqual({ done: 2, of: 5 });
  session.receive({ kind: 'request.refused', request: 'profile.request', sentence: 'No GPU.' });
  expect(session.store.getState()).toMatchObject({ profiling: null, profile: null, notices: [{ text: 'No GPU.' }] });
  session.profile();
  const ready = {
    kind: 'profile.ready', peak: { gflops: 1, gigabytesPerSecond: 1 }, captures: [], trace: '{}',
  } as const satisfies EventOf<'profile.ready'>;
  session.receive(ready);
  expect(session.store.getState()).toMatchObject({ profiling: null, profile: ready });
});

const scene = (family: string, seed: number) => ({
  source: { kind: 'scene' as const, family, split: 'train' as const, seed },
  description: '', thumbnail: { pixels: new Uint8Array(), shape: [0, 0] as [number, number] },
});

test('the gallery shows families in turn, each from its first scene on', () => {
  const scenes = [scene('fall', 0), scene('fall', 1), scene('fall', 2), scene('slide', 3), scene('heat', 4)];
  const shown = galleryOf(scenes, 4).map(({ source }) => `${source.family} ${source.seed}`);
  expect(shown).toEqual(['fall 0', 'slide 3', 'heat 4', 'fall 1']);
  expect(galleryOf([], 4)).toEqual([]);
});

test('before the model is known there is one family', () => {
  expect(familiesOf({ card: null })).toEqual(['free-fall']);
});

test('whoever needs the model\'s card waits for it', async () => {
  const session = createSessionStore(() => {});
  let told: string | null = null;
  const waited = session.card().then(({ name }) => {
    told = name;
  });
  await Promise.resolve();
  expect(told).toBeNull();
  const card = {
    name: 'a model', size: 'small', parameters: 1, bytes: 2, clip: [25, 128, 128], framesPerSecond: 12.5,
    families: ['free-fall'], sampler: { method: 'euler', steps: 4, guidance: 1, temperature: 1 }, summary: '',
  } as const satisfies ModelCard;
  session.store.setState({ card });
  await waited;
  expect(told).toBe('a model');
  expect(await session.card()).toEqual(card);
});
