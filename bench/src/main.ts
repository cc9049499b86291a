import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runContest, type Result } from './contest.js';
import { buildContest, growthContest, readContest, startUpContest } from './contests.js';
import { MIB, assemble, prefixOf, selectFiles, warmPageCache } from './corpus.js';
import { benchEmulator, formatEmulatorReport } from './emulator/bench-emulator.js';
import { formatReport, makeReport, type Report } from './report.js';
import { judge } from './targets.js';

const USAGE = `usage: npm run bench -- [--emulator] [--quick] [--rounds N] [--json FILE] [--work DIR]

  --emulator   the emulator against this machine's kernel, instead of the tools
  --quick      one round with 50 MiB instead of three with 200 MiB
  --rounds N   rounds, of which the median counts
  --json FILE  also write everything that was measured to FILE
  --work DIR   directory for the corpus and the images (default ${tmpdir()}); a few times the corpus
`;
const EXIT_USAGE = 2;
const EXIT_MISSED_TARGET = 1;

/** Corpus sizes in MiB; the last one is for the comparison with the peers. */
const SIZES = [25, 50, 100, 200];
const QUICK_SIZES = [12, 25, 50];

interface Settings {
  readonly emulator: boolean;
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly json: string | undefined;
  readonly work: string;
}

function parseSettings(): Settings | undefined {
  try {
    const { values } = parseArgs({
      options: {
        emulator: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        json: { type: 'string' },
        work: { type: 'string', default: tmpdir() },
      },
    });
    const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
    if (!Number.isInteger(rounds) || rounds < 1) return undefined;
    return {
      emulator: values.emulator,
      sizes: values.quick ? QUICK_SIZES : SIZES,
      rounds,
      json: values.json,
      work: values.work,
    };
  } catch {
    return undefined;
  }
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
  warmPageCache(files);

  const results: Result[] = [];
  for (const contest of [
    startUpContest(),
    ...corpora.slice(0, -1).map((smaller) => growthContest(smaller, work, rounds)),
    buildContest(corpus, work, rounds),
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

/** Shows on a terminal what is going on. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

const settings = parseSettings();
if (settings === undefined) {
  process.stderr.write(USAGE);
  process.exitCode = EXIT_USAGE;
} else {
  const work = mkdtempSync(join(settings.work, 'cramfs-bench-'));
  try {
    const { report, text } = settings.emulator
      ? await measureEmulator(settings, work)
      : await measureTools(settings, work);
    process.stdout.write(text);
    if (settings.json !== undefined) {
      writeFileSync(settings.json, `${JSON.stringify(report, null, 2)}\n`);
    }
    if (report.targets.some(({ pass }) => pass === false)) process.exitCode = EXIT_MISSED_TARGET;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
