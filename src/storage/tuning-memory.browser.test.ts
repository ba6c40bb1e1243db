// Choices of kernels in IndexedDB: by adapter, and nothing but what was stored.
import { openDB } from 'idb';
import { expect, test, vi } from 'vitest';
import { tuningMemory } from './tuning-memory.ts';

test('choices are remembered by adapter; what is none is left out', async () => {
  const name = `tuning-${Math.random()}`;
  const memory = tuningMemory(name);
  expect(await memory.load('a GPU')).toEqual({});
  await memory.save('a GPU', { 'linear 1x2x3': 'staged' });
  await memory.save('another', { 'linear 1x2x3': 'register' });
  expect(await tuningMemory(name).load('a GPU')).toEqual({ 'linear 1x2x3': 'staged' });
  const database = await openDB(name, 1);
  await database.put('choices', 7, 'a GPU');
  database.close();
  expect(await memory.load('a GPU')).toEqual({});
});

test('where nothing can be stored, nothing is remembered', async () => {
  vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
    throw new DOMException('refused', 'SecurityError');
  });
  const memory = tuningMemory('refused');
  await memory.save('a GPU', { key: 'staged' });
  expect(await memory.load('a GPU')).toEqual({});
  vi.restoreAllMocks();
});
