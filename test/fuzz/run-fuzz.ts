import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { loadCorpus } from './corpus.js';
import { makeMutant } from './mutant.js';
import type { Failure } from './run-mutant.js';
import { fuzz } from './supervisor.js';

const USAGE = `usage: npm run fuzz -- [--count N] [--from N] [--run N] [--workers N] [--json]
       npm run fuzz -- --save FILE --from N [--run N]

  --count N    mutants to try (default 20000)
  --from N     number of the first one (default 0)
  --run N      number of the run (default 1); other runs have other mutants
  --workers N  processes (default: one for each core)
  --json       print the report as JSON
  --save FILE  try nothing: write mutant N to FILE

Exits 1 if there was a failure.
`;
const EXIT_FAILURES = 1;
const EXIT_USAGE = 2;

interface Settings {
  readonly count: number;
  readonly from: number;
  readonly run: number;
  readonly workers: number;
  readonly json: boolean;
  readonly save: string | undefined;
}

function parseSettings(): Settings | undefined {
  try {
    const { values } = parseArgs({
      options: {
        count: { type: 'string', default: '20000' },
        from: { type: 'string', default: '0' },
        run: { type: 'string', default: '1' },
        workers: { type: 'string', default: String(availableParallelism()) },
        json: { type: 'boolean', default: false },
        save: { type: 'string' },
      },
    });
    const [count, from, run, workers] = [values.count, values.from, values.run, values.workers].map(
      Number,
    ) as [number, number, number, number];
    const valid = [count, from, run].every((number) => Number.isInteger(number) && number >= 0);
    if (!valid || !Number.isInteger(workers) || workers < 1) return undefined;
    return { count, from, run, workers, json: values.json, save: values.save };
  } catch {
    return undefined;
  }
}

async function main(): Promise<number> {
  const settings = parseSettings();
  if (settings === undefined) {
    process.stderr.write(USAGE);
    return EXIT_USAGE;
  }
  if (settings.save !== undefined) {
    const mutant = makeMutant(loadCorpus(), settings.run, settings.from);
    writeFileSync(settings.save, mutant.bytes);
    process.stdout.write(`${mutant.seed.name}: ${mutant.steps.join(', ')}\n`);
    return 0;
  }
  const report = await fuzz(settings);
  if (settings.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    for (const [what, times] of Object.entries(report.tally)) {
      process.stdout.write(`${String(times).padStart(9)}  ${what}\n`);
    }
    for (const failure of report.failures) process.stdout.write(failureText(settings, failure));
    process.stdout.write(`${report.failures.length} failures\n`);
  }
  return report.failures.length === 0 ? 0 : EXIT_FAILURES;
}

function failureText({ run }: Settings, failure: Failure): string {
  const { index, stage, seed, steps, message } = failure;
  return `\nmutant ${index} of run ${run} (${seed}: ${steps.join(', ')}), ${stage}:\n${message}\n`;
}

process.exitCode = await main();
