import type { CheckResult } from 'cramfs-reader';
import { findingLines, renderStats } from '../commands/check/text.js';
import { verdict } from '../commands/check/verdict.js';
import { checkFile } from '../commands/check/check-file.js';
import { UsageError } from '../shell/errors.js';
import { printable, reportError } from '../shell/report-error.js';
import { EXIT, type ExitCode } from '../shell/exit-codes.js';
import { extractExitCode, runExtract } from '../commands/extract/write.js';
import { print, type CliIo } from '../shell/io.js';
import { openImageArgument } from '../shell/open-image.js';
import { parseBlockSize } from '../shell/options.js';
import { toolVersion } from '../version.js';
import { parseGetopt } from './arguments.js';
import { FSCK_CRAMFS, usageText } from './usage.js';

const TOOL = 'fsck.cramfs';

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
  verbose: { type: 'boolean', short: 'v' },
  extract: { type: 'string', short: 'x' },
  'carry-on': { type: 'boolean', short: 'c' },
  blocksize: { type: 'string', short: 'b' },
  auto: { type: 'boolean', short: 'a' },
  yes: { type: 'boolean', short: 'y' },
} as const;

/**
 * The drop-in `fsck.cramfs`, which is also `cramfsck`. Unlike the C tools it always checks
 * everything; like them it prints nothing about a sound image unless asked to.
 *
 * @param argv the words after the program's name.
 */
export async function runFsck(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  try {
    const { values, positionals } = parseGetopt(argv.map(emptyExtract), OPTIONS);
    if (values.help === true) return await succeed(io, usageText(FSCK_CRAMFS));
    if (values.version === true) return await succeed(io, `${TOOL} ${toolVersion()}\n`);
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) throw new UsageError('expected one IMAGE');
    const { blocksize, extract } = values;
    const blockSize = blocksize === undefined ? undefined : parseBlockSize('-b')(blocksize);
    const args = { 'block-size': blockSize };
    const all = values.verbose === true;
    // The C tools do not know kernels without an MMU.
    const { result } = await checkFile(file, { ...args, all, mmuOnly: true }, io);
    if (all && result.stats !== undefined) {
      await print(io, `cramfs endianness is ${result.stats.endianness}\n`);
    }
    const small = smallSize(result);
    if (small !== undefined) {
      io.stderr.write(`${TOOL}: superblock size (${small}) too small\n`);
      return EXIT.uncorrected;
    }
    reportFindings(file, result, all, io);
    const code = exitCode(result);
    if (values.verbose === true) await print(io, renderStats(result));
    const target = extract === '' ? undefined : extract;
    if (target !== undefined && (code === EXIT.ok || values['carry-on'] === true)) {
      const image = await openImageArgument(file, args, io);
      const options = { damage: 'zeros' } as const;
      const lines = { tool: TOOL, all, hint: '-v lists all' };
      const report = await runExtract(image, file, target, options, lines, io);
      const extracted = extractExitCode(report);
      if (code === EXIT.ok && extracted !== EXIT.ok) return extracted;
    }
    if (values.verbose === true && code === EXIT.ok) await print(io, `${printable(file)}: OK\n`);
    return code;
  } catch (error) {
    return reportError(error, TOOL, io);
  }
}

/** parseArgs() knows no optional values: a bare `--extract` gets an empty one. */
function emptyExtract(word: string): string {
  return word === '--extract' ? '--extract=' : word;
}

function reportFindings(file: string, result: CheckResult, all: boolean, io: CliIo): void {
  for (const line of findingLines(result, { all, hint: '-v lists all' })) {
    io.stderr.write(`${TOOL}: ${printable(file)}: ${line}\n`);
  }
}

/** A size too small for the superblock: util-linux's tool prints only these words. */
function smallSize({ findings, stats }: CheckResult): number | undefined {
  return findings.some(({ code }) => code === 'bad-size') ? stats?.statedSize : undefined;
}

/** Returns the exit code of the C tools: unknown features are not damage, but not success either. */
function exitCode(result: CheckResult): ExitCode {
  if (result.stats?.linux === 'refuses') return EXIT.failed;
  return verdict(result).errors > 0 ? EXIT.uncorrected : EXIT.ok;
}

async function succeed(io: CliIo, output: string): Promise<ExitCode> {
  await print(io, output);
  return EXIT.ok;
}
