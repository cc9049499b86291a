import { rmSync, statSync } from 'node:fs';
import { measure, medianRun, type Run } from './run.js';

/** One command line that takes part. */
export interface Contestant {
  readonly tool: string;
  readonly argv: readonly string[];
  /** File or directory that it makes; removed before each run. */
  readonly output?: string;
}

/** Contestants with the same task, which run in turns: A B C A B C … */
export interface Contest {
  readonly name: string;
  /** Bytes of files that each contestant reads or writes. */
  readonly bytes: number;
  readonly rounds: number;
  readonly contestants: readonly Contestant[];
}

export interface Result {
  readonly contest: string;
  readonly tool: string;
  readonly bytes: number;
  readonly runs: readonly Run[];
  readonly median: Run;
  /** Length of the file it made, if it made one. */
  readonly outputBytes: number | undefined;
}

/**
 * Runs a contest. Turns rather than blocks, so that what slows the machine down for a while slows
 * everybody down.
 *
 * @param scratch directory for the measurement's own files.
 * @param onRun called with a line of text before each run.
 */
export async function runContest(
  contest: Contest,
  scratch: string,
  onRun: (text: string) => void,
): Promise<Result[]> {
  const runs = contest.contestants.map((): Run[] => []);
  for (let round = 1; round <= contest.rounds; round += 1) {
    for (const [index, { tool, argv, output }] of contest.contestants.entries()) {
      onRun(`${contest.name}: ${tool}, round ${round} of ${contest.rounds}`);
      if (output !== undefined) rmSync(output, { recursive: true, force: true });
      runs[index]!.push(await measure(argv, scratch));
    }
  }
  return contest.contestants.map(({ tool, output }, index) => ({
    contest: contest.name,
    tool,
    bytes: contest.bytes,
    runs: runs[index]!,
    median: medianRun(runs[index]!),
    outputBytes: output === undefined ? undefined : fileSize(output),
  }));
}

function fileSize(path: string): number | undefined {
  const stats = statSync(path);
  return stats.isFile() ? stats.size : undefined;
}
