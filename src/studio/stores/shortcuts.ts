/**
 * The keys: one table that the key listener, the help dialog and the collision test all read.
 * Keys are named as KeyboardEvent.key gives them.
 */
import { Reason, type Choice } from '../../protocol/records.ts';

export type Command =
  | `vote.${Choice}`
  | `reason.${Reason}`
  | 'vote.undo'
  | 'pair.next'
  | 'player.toggle'
  | 'player.back'
  | 'player.forward'
  | 'player.loop'
  | 'player.restart'
  | 'help.open';

export interface Shortcut {
  command: Command;
  key: string;
  /** As printed on a key cap. */
  cap: string;
  label: string;
  group: 'Vote' | 'Why' | 'Player' | 'Page';
}

/** What a reason means, in the visitor's words. */
export const reasonLabels: Record<Reason, string> = {
  gravity: 'Moves wrong',
  contact: 'Touches wrong',
  shape: 'Deforms',
  vanishing: 'Vanishes',
  flicker: 'Flickers',
};

export const shortcuts: readonly Shortcut[] = [
  { command: 'vote.left', key: 'ArrowLeft', cap: '←', label: 'Left is more plausible', group: 'Vote' },
  { command: 'vote.right', key: 'ArrowRight', cap: '→', label: 'Right is more plausible', group: 'Vote' },
  { command: 'vote.tie', key: 'ArrowDown', cap: '↓', label: 'Tie', group: 'Vote' },
  { command: 'vote.both-bad', key: 'ArrowUp', cap: '↑', label: 'Both are bad', group: 'Vote' },
  { command: 'vote.skip', key: 's', cap: 'S', label: 'Skip', group: 'Vote' },
  { command: 'vote.undo', key: 'z', cap: 'Z', label: 'Undo the last vote', group: 'Vote' },
  { command: 'pair.next', key: 'Enter', cap: '⏎', label: 'Next pair, once it is ready', group: 'Vote' },
  ...Reason.options.map(
    (reason, index): Shortcut => ({
      command: `reason.${reason}`,
      key: String(index + 1),
      cap: String(index + 1),
      label: `The other one: ${reasonLabels[reason].toLowerCase()}`,
      group: 'Why',
    }),
  ),
  { command: 'player.toggle', key: ' ', cap: 'Space', label: 'Play or pause', group: 'Player' },
  { command: 'player.back', key: ',', cap: ',', label: 'One frame back', group: 'Player' },
  { command: 'player.forward', key: '.', cap: '.', label: 'One frame on', group: 'Player' },
  { command: 'player.loop', key: 'l', cap: 'L', label: 'Loop', group: 'Player' },
  { command: 'player.restart', key: 'r', cap: 'R', label: 'From the start', group: 'Player' },
  { command: 'help.open', key: '?', cap: '?', label: 'This list', group: 'Page' },
];

/** The cap printed beside a button. */
export function capOf(command: Command): string {
  return shortcuts.find((shortcut) => shortcut.command === command)?.cap ?? '';
}

/** What a key means where the focus is; null leaves the key to the browser. */
export function commandFor(event: {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  /** What the focused element does with keys of its own. */
  focus: 'nothing' | 'button' | 'keys';
}): Command | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.focus === 'keys') return null;
  if (event.focus === 'button' && (event.key === ' ' || event.key === 'Enter')) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return shortcuts.find((shortcut) => shortcut.key === key)?.command ?? null;
}
