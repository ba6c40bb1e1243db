// Whether a result still belongs to what it was made from, by the times of the files.

import { statSync } from 'node:fs';

/** True when `file` is there and no source was written after it; sources that are absent do not count. */
export function isUpToDate(file: string, sources: readonly string[]): boolean {
  const timeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  const made = timeOf(file);
  return made !== undefined && sources.every((source) => (timeOf(source) ?? 0) <= made);
}
