import { copyFileSync, mkdirSync, openSync, closeSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDirectorySource, workerCompressor } from 'mkcramfs/node';
import { runContest } from '../contest.js';
import { selectFiles, MIB } from '../corpus.js';
import type { Verdict } from '../targets.js';
import { compareStrategies, type StrategyReport } from './strategies.js';

/** Programs and bytes of the system whose planning is timed. */
const PROGRAMS = 300;
const BYTES = 30e6;
/** Planning takes at most as many builds. */
const TIME_LIMIT = 3;

const CRAMFS = fileURLToPath(new URL('../../../packages/cli/bin/cramfs.js', import.meta.url));

export interface PlannerReport {
  readonly strategies: StrategyReport | undefined;
  readonly buildSeconds: number;
  readonly planSeconds: number;
  readonly targets: readonly Verdict[];
}

/**
 * Times the planning of a system, and compares strategies on a tree.
 *
 * @param tree of debian-armhf.sh; undefined: no comparison.
 */
export async function benchPlanner(
  tree: string | undefined,
  rounds: number,
  work: string,
  onRun: (text: string) => void,
): Promise<PlannerReport> {
  const system = join(work, 'system');
  const { files, bytes } = copyPrograms(system);
  const image = join(work, 'system.img');
  const [build, plan] = await runContest(
    {
      name: `plan ${files} programs`,
      bytes,
      rounds,
      contestants: [
        {
          tool: 'build',
          argv: [process.execPath, CRAMFS, 'build', '-q', '--quiet', system, image],
          output: image,
        },
        { tool: 'plan', argv: [process.execPath, CRAMFS, 'plan', '-q', system] },
      ],
    },
    work,
    onRun,
  );
  const ratio = plan!.median.wall / build!.median.wall;
  return {
    strategies: tree === undefined ? undefined : await strategiesOf(tree),
    buildSeconds: build!.median.wall,
    planSeconds: plan!.median.wall,
    targets: [
      {
        target: `plan of ${files} programs, ${(bytes / 1e6).toFixed(0)} MB: time / build`,
        measured: ratio,
        limit: TIME_LIMIT,
        unit: '',
        pass: ratio <= TIME_LIMIT,
      },
    ],
  };
}

async function strategiesOf(tree: string): Promise<StrategyReport> {
  const compressor = workerCompressor();
  try {
    return await compareStrategies(
      readDirectorySource(tree, { onProblem: () => undefined }),
      compressor,
    );
  } finally {
    await compressor.close();
  }
}

/** Copies programs and libraries of this machine: as many as fit in the bytes, small and large ones. */
function copyPrograms(to: string): { readonly files: number; readonly bytes: number } {
  mkdirSync(to);
  let files = 0;
  let bytes = 0;
  for (const { path, size } of selectFiles(Infinity)) {
    if (files === PROGRAMS) break;
    // Later files have at least as much room as earlier ones.
    if (bytes + size > (BYTES * (files + 1)) / PROGRAMS + 4 * MIB || !isElf(path)) continue;
    copyFileSync(path, join(to, `${files}-${basename(path)}`));
    files += 1;
    bytes += size;
  }
  return { files, bytes };
}

function isElf(path: string): boolean {
  const magic = Buffer.alloc(4);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, magic, 0, 4, 0);
  } finally {
    closeSync(fd);
  }
  return magic.toString('latin1') === '\x7fELF';
}

export function formatPlannerReport({
  strategies,
  buildSeconds,
  planSeconds,
  targets,
}: PlannerReport): string {
  const { target, measured, pass } = targets[0]!;
  const lines = [
    `${target}: ${measured!.toFixed(2)} (${planSeconds.toFixed(1)} / ${buildSeconds.toFixed(1)} s)` +
      (pass === true ? '' : ' MISSED'),
  ];
  if (strategies !== undefined) {
    const { smallest, most, comparisons } = strategies;
    lines.push(
      '',
      `nothing in place: ${smallest.flash} bytes of flash, ${smallest.ram} of RAM`,
      `all that is touched: ${most.flash} bytes of flash, ${most.ram} of RAM`,
      '',
      'budget   strategy           flash      RAM  KiB of RAM saved per KiB of flash',
    );
    for (const { budget, outcomes } of comparisons) {
      for (const { strategy, flash, ram, rate } of outcomes) {
        lines.push(
          `${String(budget).padEnd(8)} ${strategy.padEnd(15)} ${String(flash).padStart(8)} ` +
            `${String(ram).padStart(8)}  ${rate.toFixed(2)}`,
        );
      }
    }
  }
  return `${lines.join('\n')}\n`;
}
