import { textToName } from 'cramfs-format';
import { UsageError } from '../shell/errors.js';

/** A program to run `count` times at once. Paths and arguments are byte strings. */
export interface ProgramRuns {
  readonly count: number;
  readonly argv: readonly [path: string, ...args: string[]];
}

const MAX_PROGRAMS = 1000;

/**
 * Parses `CMD` or `N*CMD`: words with blanks between them, the first one the program.
 *
 * @throws UsageError
 */
export function parseRun(given: string): ProgramRuns {
  const [, number = '1', command = ''] = /^\s*(?:(\d+)\*)?\s*(.*?)\s*$/s.exec(given) ?? [];
  const [program = '', ...args] = command.split(/\s+/).map(textToName);
  const count = Number(number);
  if (program === '' || count < 1 || count > MAX_PROGRAMS) {
    throw new UsageError(
      `--run cannot be '${given}': use PROGRAM [ARG...] or N*PROGRAM [ARG...], N from 1 to ${MAX_PROGRAMS}`,
    );
  }
  return { count, argv: [`/${program.replace(/^\/+/, '')}`, ...args] };
}

/** What is started: the same program as often as asked for. */
export function argvsOf({ count, argv }: ProgramRuns): ProgramRuns['argv'][] {
  return new Array<typeof argv>(count).fill(argv);
}

/** Parses a file of such lines; empty ones, and those that start with `#`, count for nothing. */
export function parseRunFile(text: string): ProgramRuns[] {
  return text
    .split(/\r?\n/)
    .filter((line) => !/^\s*(#|$)/.test(line))
    .map(parseRun);
}

/** @throws UsageError for more than can be listed one by one. */
export function checkRuns(runs: readonly ProgramRuns[]): void {
  const programs = runs.reduce((sum, { count }) => sum + count, 0);
  if (programs > MAX_PROGRAMS) {
    throw new UsageError(`${programs} programs are too many: use at most ${MAX_PROGRAMS}`);
  }
}
