/** What the visitor is told of a record's way to the disk. */

/** Saved: on the disk. Memory: kept until the page closes. */
export type SaveState = 'saving' | 'saved' | 'memory' | 'not-saved';

export const saveLabels: Record<SaveState, string> = {
  saving: 'Saving…',
  saved: 'Saved',
  memory: 'Kept in memory only',
  'not-saved': 'Not saved',
};
