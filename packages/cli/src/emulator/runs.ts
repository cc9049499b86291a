import { readFileSync } from 'node:fs';
import { MAX_PROGRAMS, parseRun, runLines, type ProgramRuns } from 'cramfs-planner';
import { UsageError } from '../shell/errors.js';
import { about } from '../shell/report-error.js';

/** @throws UsageError */
function parsedRun(given: string): ProgramRuns {
  const run = parseRun(given);
  if (run !== undefined) return run;
  throw new UsageError(
    `--run cannot be '${given}': use PROGRAM [ARG...] or N*PROGRAM [ARG...], N from 1 to ${MAX_PROGRAMS}`,
  );
}

/** The programs to start: each as often as requested. */
export function argvsOf({ count, argv }: ProgramRuns): ProgramRuns['argv'][] {
  return new Array<typeof argv>(count).fill(argv);
}

/** The programs of `--run` and `--run-file`, in this order. @throws UsageError, FileError. */
export async function readRuns({ run, 'run-file': file }: RunOptions): Promise<ProgramRuns[]> {
  const text = file === undefined ? '' : await about(file, () => readFileSync(file, 'utf8'));
  const runs = [...run.map(parsedRun), ...runLines(text).map(parsedRun)];
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

/** @throws UsageError if there are more than can be listed one by one. */
function checkRuns(runs: readonly ProgramRuns[]): void {
  const programs = runs.reduce((sum, { count }) => sum + count, 0);
  if (programs > MAX_PROGRAMS) {
    throw new UsageError(`${programs} programs are too many: use at most ${MAX_PROGRAMS}`);
  }
}
