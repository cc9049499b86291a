import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runContest, type Result } from './contest.js';
import {
  againContest,
  buildContest,
  growthContest,
  readContest,
  startUpContest,
} from './contests.js';
import {
  MIB,
  assemble,
  prefixOf,
  selectFiles,
  warmPageCache,
  withOneFileChanged,
} from './corpus.js';
import { benchEmulator, formatEmulatorReport } from './emulator/bench-emulator.js';
import { benchPlanner, formatPlannerReport } from './planner/bench-planner.js';
import { benchProcessors, formatProcessorReport } from './processors/bench-processors.js';
import { formatReport, makeReport, type Report } from './report.js';
import { judge } from './targets.js';
import { benchViewer, formatViewerReport } from './viewer/bench-viewer.js';

const USAGE = `usage: npm run bench -- [--emulator | --plan [--tree DIR] | --processors | --viewer] [--quick] [--rounds N] [--json FILE] [--work DIR]

  --emulator   the emulator against this machine's kernel, instead of the tools
  --plan       planning what runs in place, instead of the tools; with --tree DIR, which
               debian-armhf.sh has made, strategies are compared on it
  --processors hot loops of programs that cramfs exec --run executes, beside qemu-user
  --viewer     the page of cramfs view in Chromium (CHROMIUM, or /usr/bin/chromium), instead of the tools
  --quick      one round with 50 MiB instead of three with 200 MiB
  --rounds N   rounds, of which the median counts
  --json FILE  also write everything that was measured to FILE
  --work DIR   directory for the corpus and the images (default ${tmpdir()}); a few times the corpus;
               it is created if it is not there
  --help       this text
`;
const EXIT_MISSED_TARGET = 1;
/** Wrong usage, or nothing could be measured. */
const EXIT_TROUBLE = 2;

/** Corpus sizes in MiB; the last one is for the comparison with the peers. */
const SIZES = [25, 50, 100, 200];
const QUICK_SIZES = [12, 25, 50];

interface Settings {
  readonly emulator: boolean;
  readonly plan: boolean;
  readonly processors: boolean;
  readonly viewer: boolean;
  readonly tree: string | undefined;
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly json: string | undefined;
  readonly work: string;
}

/** @returns undefined if only the usage was asked for. @throws Error on wrong usage. */
function parseSettings(): Settings | undefined {
  const { values } = parseArgs({
    options: {
      emulator: { type: 'boolean', default: false },
      plan: { type: 'boolean', default: false },
      processors: { type: 'boolean', default: false },
      viewer: { type: 'boolean', default: false },
      tree: { type: 'string' },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      json: { type: 'string' },
      work: { type: 'string', default: tmpdir() },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`--rounds ${values.rounds}: not a number from 1 on`);
  }
  return {
    emulator: values.emulator,
    plan: values.plan,
    processors: values.processors,
    viewer: values.viewer,
    tree: values.tree,
    sizes: values.quick ? QUICK_SIZES : SIZES,
    rounds,
    json: values.json,
    work: values.work,
  };
}

/** What came out, for programs and for people. */
interface Measured {
  readonly report: { readonly targets: readonly { readonly pass: boolean | undefined }[] };
  readonly text: string;
}

async function bench({ sizes, rounds }: Settings, work: string): Promise<Report> {
  const [loadBefore = NaN] = loadavg();
  const files = selectFiles(sizes.at(-1)! * MIB);
  const corpora = sizes.map((size) =>
    assemble(prefixOf(files, size * MIB), join(work, `corpus-${size}`)),
  );
  const corpus = corpora.at(-1)!;
  const changed = withOneFileChanged(corpus, join(work, 'corpus-changed'));
  warmPageCache(files);

  const results: Result[] = [];
  for (const contest of [
    startUpContest(work),
    ...corpora.slice(0, -1).map((smaller) => growthContest(smaller, work, rounds)),
    buildContest(corpus, work, rounds),
    againContest(corpus, changed, work, rounds),
    readContest(corpus, work, rounds),
  ]) {
    results.push(...(await runContest(contest, work, progress)));
  }
  progress('');
  return makeReport(loadBefore, corpus, results, judge(results));
}

async function measureTools(settings: Settings, work: string): Promise<Measured> {
  const report = await bench(settings, work);
  return { report, text: formatReport(report) };
}

async function measureEmulator({ rounds }: Settings, work: string): Promise<Measured> {
  const report = await benchEmulator(rounds, work);
  return { report, text: formatEmulatorReport(report) };
}

async function measurePlanner({ rounds, tree }: Settings, work: string): Promise<Measured> {
  const report = await benchPlanner(tree, rounds, work, progress);
  progress('');
  return { report, text: formatPlannerReport(report) };
}

async function measureProcessors({ rounds }: Settings, work: string): Promise<Measured> {
  const report = await benchProcessors(rounds, work, progress);
  progress('');
  return { report, text: formatProcessorReport(report) };
}

async function measureViewer({ rounds }: Settings, work: string): Promise<Measured> {
  const report = await benchViewer(rounds, work, progress);
  progress('');
  return { report, text: formatViewerReport(report) };
}

/** Shows on a terminal what is going on. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** @returns the exit code. */
async function main(): Promise<number> {
  const settings = parseSettings();
  if (settings === undefined) {
    process.stdout.write(USAGE);
    return 0;
  }
  mkdirSync(settings.work, { recursive: true });
  const work = mkdtempSync(join(settings.work, 'cramfs-bench-'));
  try {
    const kind = settings.emulator
      ? measureEmulator
      : settings.plan
        ? measurePlanner
        : settings.processors
          ? measureProcessors
          : settings.viewer
            ? measureViewer
            : measureTools;
    const { report, text } = await kind(settings, work);
    process.stdout.write(text);
    if (settings.json !== undefined) {
      writeFileSync(settings.json, `${JSON.stringify(report, null, 2)}\n`);
    }
    return report.targets.some(({ pass }) => pass === false) ? EXIT_MISSED_TARGET : 0;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  progress('');
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = EXIT_TROUBLE;
}
