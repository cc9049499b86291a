import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { runContest } from '../contest.js';
import type { Verdict } from '../targets.js';
import { cramfs } from '../tools.js';

const FILES = 400;
const DIRECTORIES = 20;
/** What 40 million instructions a second are in 60 ms. */
const FIRST = 2_400_000;
const LIST = ['ls', '-lR', '/'];
const FORKS = ['sh', '-c', 'i=0; while [ $i -lt 20 ]; do (:); i=$((i+1)); done'];

const FIRST_LIMIT = 40;
const LIST_LIMIT = 0.5;

export interface ShortPrograms {
  /** Million instructions a second of the first 60 ms, without the start. */
  readonly first: number;
  /** Seconds of the whole command. */
  readonly list: number;
  readonly forks: number;
}

/**
 * Times short runs of a BusyBox for riscv64: its first 60 ms, `ls -lR` of 400 files, and a shell that
 * forks 20 times; start of Node.js included where it is a whole command.
 *
 * @param folder what test/fixtures/programs/busybox.sh has made.
 */
export async function benchShortPrograms(
  folder: string,
  rounds: number,
  work: string,
  onRun: (text: string) => void,
): Promise<ShortPrograms> {
  const root = join(work, 'short');
  mkdirSync(join(root, 'bin'), { recursive: true });
  for (const name of ['proc', 'dev', 'tmp']) mkdirSync(join(root, name));
  cpSync(join(folder, 'busybox-riscv64'), join(root, 'bin/busybox'));
  symlinkSync('busybox', join(root, 'bin/sh'));
  for (let file = 0; file < FILES; file += 1) {
    const directory = join(root, `d${file % DIRECTORIES}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `file${file}`), `${file}\n`);
  }
  const image = join(work, 'short.img');
  execFileSync(process.execPath, cramfs('build', '-q', root, image).slice(1));
  const run = (args: readonly string[], ...options: readonly string[]): string[] =>
    cramfs('exec', '--run', '-q', ...options, image, '/bin/busybox', ...args);
  // The exit code of a run that its limit has ended.
  const limited = (count: number): string[] => {
    const argv = run(LIST, '--limit', String(count));
    return ['sh', '-c', '"$@"; [ $? = 124 ]', 'sh', ...argv];
  };
  const contestants = [
    { tool: 'start', argv: limited(1) },
    { tool: 'first 60 ms', argv: limited(FIRST) },
    { tool: 'ls -lR', argv: run(LIST) },
    { tool: '20 forks', argv: run(FORKS) },
  ];
  const results = await runContest({ name: 'BusyBox', bytes: 0, rounds, contestants }, work, onRun);
  const [start, first, list, forks] = results.map(({ median }) => median.wall);
  return { first: FIRST / (first! - start!) / 1e6, list: list!, forks: forks! };
}

export function judgeShortPrograms({ first, list }: ShortPrograms): Verdict[] {
  return [
    {
      target: 'BusyBox: the first 60 ms',
      measured: first,
      limit: FIRST_LIMIT,
      unit: 'million instructions/s',
      pass: first >= FIRST_LIMIT,
    },
    {
      target: 'BusyBox: ls -lR',
      measured: list,
      limit: LIST_LIMIT,
      unit: 's',
      pass: list <= LIST_LIMIT,
    },
  ];
}
