import { expect, test } from 'vitest';
import { askBeforeLeaving } from './leaving.ts';

test('the page asks before it goes, as long as something is unsaved', () => {
  const page = new EventTarget();
  let unsaved = true;
  askBeforeLeaving(page, () => unsaved);
  const leave = () => page.dispatchEvent(new Event('beforeunload', { cancelable: true }));
  expect(leave()).toBe(false);
  unsaved = false;
  expect(leave()).toBe(true);
});
