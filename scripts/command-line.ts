// What every command of this project does with its arguments: --help prints the usage and exits 0; an unknown
// flag, a bad value or any other failure prints one clear line and exits 1 (2 for a wrong command line).

import { parseArgs } from 'node:util';

/** A mistake in the command line: reported with a hint at --help. */
export class UsageError extends Error {}

export interface Flag {
  /** What stands for the value in the usage, e.g. N or FILE; a flag without it takes no value. */
  value?: string;
  help: string;
  /** Used when the flag is absent. Without it the flag is required, unless `optional`. */
  default?: string;
  optional?: boolean;
}

export interface Command<Name extends string> {
  /** As a user types it, e.g. `npm run world --`. */
  invocation: string;
  summary: string;
  flags: Record<Name, Flag>;
  /** Further paragraphs of the help. */
  notes?: string;
}

/** Values as typed; absent optional flags are undefined, flags without a value are 'true' when given. */
export type Values<Name extends string> = Record<Name, string | undefined>;

/** The text of --help. */
export function usage<Name extends string>(command: Command<Name>): string {
  const entries = Object.entries<Flag>(command.flags).map(([name, flag]) => {
    const head = flag.value ? `--${name} ${flag.value}` : `--${name}`;
    const must = flag.default === undefined && !flag.optional && flag.value ? ' (required)' : '';
    const otherwise = flag.default === undefined ? must : ` (default ${flag.default})`;
    return [head, flag.help + otherwise];
  });
  entries.push(['--help', 'print this and exit']);
  const width = Math.max(...entries.map(([head]) => head.length)) + 2;
  const lines = entries.map(([head, text]) => `  ${head.padEnd(width)}${text}`);
  const notes = command.notes ? `\n${command.notes}\n` : '';
  return `Usage: ${command.invocation} [flags]\n\n${command.summary}\n\n${lines.join('\n')}\n${notes}`;
}

/**
 * Reads the command line. Returns null after printing the help.
 * @throws UsageError on an unknown flag, a stray word or a missing value
 */
export function readFlags<Name extends string>(
  command: Command<Name>, words: string[] = process.argv.slice(2),
): Values<Name> | null {
  if (words.includes('--help') || words.includes('-h')) {
    process.stdout.write(usage(command));
    return null;
  }
  const options: Record<string, { type: 'string' | 'boolean' }> = {};
  for (const [name, flag] of Object.entries<Flag>(command.flags)) {
    options[name] = { type: flag.value ? 'string' : 'boolean' };
  }
  let given: Record<string, unknown>;
  try {
    given = parseArgs({ args: words, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.split('\n')[0] : String(error));
  }
  const values: Partial<Values<Name>> = {};
  for (const name of Object.keys(command.flags) as Name[]) {
    const flag = command.flags[name];
    const raw = given[name];
    const value = raw === undefined ? flag.default : String(raw);
    if (value === undefined && flag.value && !flag.optional) throw new UsageError(`--${name} is missing.`);
    values[name] = value;
  }
  return values as Values<Name>;
}

/** A whole number in a range, or UsageError naming the flag. */
export function wholeNumber(name: string, text: string | undefined, low: number, high: number): number {
  const value = text !== undefined && /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= low && value <= high)) {
    throw new UsageError(`--${name} must be a whole number from ${low} to ${high}, got "${text ?? ''}".`);
  }
  return value;
}

/** One of a list of words, or UsageError naming the flag and the words. */
export function oneOf<Word extends string>(
  name: string, text: string | undefined, words: readonly Word[],
): Word {
  const found = words.find((word) => word === text);
  if (found === undefined) {
    throw new UsageError(`--${name} must be one of ${words.join(', ')}, got "${text ?? ''}".`);
  }
  return found;
}

/** Runs a command's main function and turns what it throws into one line on stderr and an exit code. */
export async function runCommand(invocation: string, main: () => Promise<void> | void): Promise<void> {
  try {
    await main();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message}\n`);
    if (error instanceof UsageError) {
      process.stderr.write(`See ${invocation} --help\n`);
      process.exitCode = 2;
    } else {
      process.exitCode = 1;
    }
  }
}
