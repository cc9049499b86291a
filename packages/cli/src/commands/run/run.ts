import { plural } from 'cramfs-format';
import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  ScenarioError,
  SyscallError,
  UnmodelledError,
  compareRecords,
  createWorld,
  formatDifference,
  formatRecords,
  isDiagnosis,
  parseRecords,
  parseScenario,
  runScenario,
  type ScenarioRecord,
} from 'xip-emu';
import type { RunArguments } from './index.js';
import { FileError, InputError, UsageError, errorCode } from '../../shell/errors.js';
import { kernelOfImage } from '../../emulator/kernel-of-image.js';
import { kernelConfig } from '../../emulator/architecture.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { print, writeOut, type CliIo } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { printable } from '../../shell/report-error.js';
import { lookOf } from '../../render/look.js';
import { readArchives } from './archives.js';
import { recordTable } from './text.js';

/** Page size of the recorded kernels. */
const RECORDED_PAGE_SIZE = 4096;

/** `cramfs run`, its command line parsed. */
export async function runScenarioCommand(args: RunArguments, io: CliIo): Promise<ExitCode> {
  const { mode, format = 'jsonl', expect } = args;
  if (mode === undefined) throw new UsageError('--mode is missing: mmu or nommu');
  const [file, ...scenarios] = args.operands as [string, ...string[]];
  const expectedFile = expect === undefined ? undefined : expectation(expect, scenarios);
  // Open the image as the kernel reads it: a block is a page.
  const image = await openImageArgument(
    file,
    { ...args, 'block-size': args['block-size'] ?? RECORDED_PAGE_SIZE },
    io,
    'linux',
  );
  const policy = kernelOfImage(image, args.policy);
  const runFile: RunFile = async (path) => {
    const statements = inFile(path, () => parseScenario(readFileSync(path, 'utf8')));
    const archives = await readArchives(path, statements);
    const world = createWorld(image, {
      mmu: mode === 'mmu',
      policy,
      arch: args.arch,
      config: kernelConfig(args),
      pageSize: image.blockSize,
      romAddress: args.phys,
      archive: (name) => archives.get(name)!,
    });
    return inFile(path, () => runScenario(statements, world));
  };
  if (expectedFile !== undefined) return compareAll(scenarios, runFile, expectedFile, io);

  for (const scenario of scenarios) {
    const records = await runFile(scenario);
    if (format === 'jsonl') {
      await writeOut(io, formatRecords(records));
    } else {
      const head = scenarios.length > 1 ? `${printable(scenario)}\n` : '';
      await writeOut(
        io,
        `${head}${recordTable(records, lookOf(io, args))}${head === '' ? '' : '\n'}`,
      );
    }
  }
  return EXIT.ok;
}

/** Runs the scenario in a file. */
type RunFile = (path: string) => Promise<ScenarioRecord[]>;

/** Where the records are that a scenario is compared with. */
type Expectation = (scenario: string) => string;

/** @throws UsageError for one file of records with several scenarios. */
function expectation(expect: string, scenarios: readonly string[]): Expectation {
  if (isDirectory(expect)) {
    return (scenario) => join(expect, `${basename(scenario, '.scn')}.jsonl`);
  }
  if (scenarios.length > 1) {
    throw new UsageError('--expect takes a directory for several scenarios');
  }
  return () => expect;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

async function compareAll(
  scenarios: readonly string[],
  runFile: RunFile,
  expectedFile: Expectation,
  io: CliIo,
): Promise<ExitCode> {
  let equal = 0;
  let diagnosed = 0;
  for (const scenario of scenarios) {
    const expectedPath = expectedFile(scenario);
    const expected = inFile(expectedPath, () => parseRecords(readFileSync(expectedPath, 'utf8')));
    const actual = await runFile(scenario);
    const difference = compareRecords(expected, actual);
    if (difference !== undefined) {
      const lines = formatDifference(difference).split('\n').map(printable).join('\n');
      await writeOut(io, `${printable(scenario)}: ${lines}\n`);
      continue;
    }
    equal += 1;
    const last = actual.at(-1);
    if (!isDiagnosis(last)) continue;
    diagnosed += 1;
    await writeOut(io, `${printable(scenario)}: ${printable(diagnosisText(last!))}\n`);
  }
  const note = diagnosed === 0 ? '' : `, ${diagnosed} of them up to a diagnosis`;
  await print(io, `${equal} of ${plural(scenarios.length, 'scenario')} equal${note}\n`);
  return equal === scenarios.length ? EXIT.ok : EXIT.differs;
}

/** One line about the state in which a kernel would corrupt itself. */
function diagnosisText(record: ScenarioRecord): string {
  const { kind, function: where, effect, first, second } = record;
  const of = [first, second].map(String).join('; ');
  return `equal up to a diagnosis: ${String(kind)} in ${String(where)}: ${String(effect)} (${of})`;
}

/** Runs `action`; errors about the text of a file will name it and the line. */
function inFile<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof ScenarioError) {
      throw new FileError(`${path}:${error.line}`, new InputError(error.reason));
    }
    if (error instanceof SyscallError) {
      throw new FileError(path, new InputError(`cannot be mounted: ${error.message}`));
    }
    if (error instanceof UnmodelledError) throw new FileError(path, new InputError(error.message));
    if (errorCode(error) !== undefined) throw new FileError(path, error);
    throw error;
  }
}
