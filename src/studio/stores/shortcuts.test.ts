import { expect, test } from 'vitest';
import { commandFor, shortcuts } from './shortcuts.ts';

const plain = { ctrlKey: false, metaKey: false, altKey: false, focus: 'nothing' } as const;

test('no two commands share a key, and no command is named twice', () => {
  expect(new Set(shortcuts.map((shortcut) => shortcut.key)).size).toBe(shortcuts.length);
  expect(new Set(shortcuts.map((shortcut) => shortcut.command)).size).toBe(shortcuts.length);
});

test('keys are as a keyboard sends them, upper case included', () => {
  expect(commandFor({ ...plain, key: 'ArrowLeft' })).toBe('vote.left');
  expect(commandFor({ ...plain, key: 'S' })).toBe('vote.skip');
  expect(commandFor({ ...plain, key: '3' })).toBe('reason.shape');
  expect(commandFor({ ...plain, key: 'q' })).toBeNull();
});

test('the browser keeps its own keys, and so do fields and buttons', () => {
  expect(commandFor({ ...plain, key: 'r', ctrlKey: true })).toBeNull();
  expect(commandFor({ ...plain, key: 'ArrowLeft', focus: 'keys' })).toBeNull();
  expect(commandFor({ ...plain, key: ' ', focus: 'button' })).toBeNull();
  expect(commandFor({ ...plain, key: 'ArrowLeft', focus: 'button' })).toBe('vote.left');
});
