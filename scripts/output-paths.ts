// Places that a command writes to, looked at before it starts: nobody waits for hours to learn that a folder
// is missing.

import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/**
 * Makes a folder, with those above it, unless it is there.
 * @throws Error naming a folder that cannot be made or written into
 */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new Error(`The folder ${folder} cannot be made.`, { cause });
  }
  if (!isWritable(folder)) throw new Error(`The folder ${folder} cannot be written into.`);
}

/**
 * Checks that a file can be written, as far as that shows without writing it. Absent paths pass.
 * @throws Error naming the file
 */
export function checkOutputFile(file: string | undefined): void {
  if (file === undefined) return;
  const folder = dirname(file);
  if (isFolder(file)) throw new Error(`${file} is a folder, not a file to write.`);
  if (!isFolder(folder)) throw new Error(`${file} cannot be written: there is no folder ${folder}.`);
  if (!isWritable(existsSync(file) ? file : folder)) throw new Error(`${file} cannot be written.`);
}
