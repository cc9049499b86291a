import { readFileSync } from 'node:fs';
import { textToName } from 'cramfs-format';
import { UsageError } from '../shell/errors.js';
import { about } from '../shell/report-error.js';

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
function parseRun(given: string): ProgramRuns {
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

/** What `--run` and `--run-file` name, in this order. @throws UsageError, FileError. */
export async function readRuns({ run, 'run-file': file }: RunOptions): Promise<ProgramRuns[]> {
  const text = file === undefined ? '' : await about(file, () => readFileSync(file, 'utf8'));
  const runs = [...run.map(parseRun), ...parseRunFile(text)];
  if (file !== undefined && runs.length === 0) {
    throw new UsageError(`--run-file cannot be '${file}': it names no programs`);
  }
  checkRuns(runs);
  return runs;
}

/** The values of the options that name programs. */
interface RunOptions {
  readonly run: readonly string[];
  readonly 'run-file': string | undefined;
}

/** Parses a file of such lines; empty ones, and those that start with `#`, count for nothing. */
function parseRunFile(text: string): ProgramRuns[] {
  return text
    .split(/\r?\n/)
    .filter((line) => !/^\s*(#|$)/.test(line))
    .map(parseRun);
}

/** @throws UsageError for more than can be listed one by one. */
function checkRuns(runs: readonly ProgramRuns[]): void {
  const programs = runs.reduce((sum, { count }) => sum + count, 0);
  if (programs > MAX_PROGRAMS) {
    throw new UsageError(`${programs} programs are too many: use at most ${MAX_PROGRAMS}`);
  }
}
