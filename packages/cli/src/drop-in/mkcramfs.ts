import { textToName } from 'cramfs-format';
import type { BuildRequest, Leave } from '../building/request.js';
import { UsageError } from '../shell/errors.js';
import { reportError } from '../shell/report-error.js';
import { EXIT, type ExitCode } from '../shell/exit-codes.js';
import { print, type CliIo } from '../shell/io.js';
import { oneOf, parseBlockSize, parseCount } from '../shell/options.js';
import { PLAIN } from '../render/look.js';
import { toolVersion } from '../version.js';
import { parseGetopt, type Parsed } from './arguments.js';
import { MKCRAMFS, usageText } from './usage.js';

const TOOL = 'mkcramfs';

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
  verbose: { type: 'boolean', short: 'v' },
  errors: { type: 'boolean', short: 'E' },
  blocksize: { type: 'string', short: 'b' },
  edition: { type: 'string', short: 'e' },
  endian: { type: 'string', short: 'N' },
  big: { type: 'boolean', short: 'B' },
  little: { type: 'boolean', short: 'L' },
  insert: { type: 'string', short: 'i' },
  name: { type: 'string', short: 'n' },
  pad: { type: 'boolean', short: 'p' },
  sort: { type: 'boolean', short: 's' },
  holes: { type: 'boolean', short: 'z' },
  'ext-pointers': { type: 'boolean', short: 'x' },
  xip: { type: 'boolean', short: 'X', multiple: true },
  'device-table': { type: 'string', short: 'D', multiple: true },
  squash: { type: 'boolean', short: 'q' },
  lock: { type: 'boolean', short: 'l' },
  allow: { type: 'string', multiple: true },
  best: { type: 'boolean' },
  compat: { type: 'string' },
  force: { type: 'boolean' },
} as const;

/**
 * The drop-in `mkcramfs`, which is also `mkfs.cramfs`: the options of both C tools, with their
 * letters and meaning.
 *
 * @param argv the words after the program's name.
 */
export async function runMkcramfs(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  try {
    const parsed = parseGetopt(argv.map(withoutLockMode), OPTIONS);
    if (parsed.values.help === true) return await succeed(io, usageText(MKCRAMFS));
    if (parsed.values.version === true) return await succeed(io, `${TOOL} ${toolVersion()}\n`);
    const request = await buildRequest(parsed);
    const { runBuild } = await import('../commands/build/write.js');
    const { entryLine, summaryLine } = await import('../commands/build/text.js');
    const report = await runBuild(request, TOOL, false, io);
    const verbose = parsed.values.verbose === true;
    return await succeed(
      io,
      verbose
        ? report.entries.map(entryLine).join('') + summaryLine(request.output, report, true, PLAIN)
        : '',
    );
  } catch (error) {
    return reportError(error, TOOL, io);
  }
}

/** parseArgs() knows no optional values: `-l=yes` is the only option that has one. */
function withoutLockMode(word: string): string {
  return /^-l=?(yes|no|nonblock|0|1)$/.test(word) ? '-l' : word;
}

async function buildRequest({
  values,
  positionals,
}: Parsed<typeof OPTIONS>): Promise<BuildRequest> {
  const [source, output, ...more] = positionals;
  if (source === undefined || output === undefined || more.length > 0) {
    throw new UsageError('expected DIRECTORY and IMAGE');
  }
  const { endiannessOf } = await import('../building/rules.js');
  const { LEAVES } = await import('../building/leaves.js');
  const endian = oneOf('-N', ['big', 'little', 'host'])(values.endian ?? 'host');
  const xip = values.xip?.length ?? 0;
  const { blocksize, edition, name, compat } = values;
  return {
    source,
    output,
    image: {
      endianness:
        values.big === true ? 'big' : values.little === true ? 'little' : endiannessOf(endian),
      pad: values.pad === true,
      holes: values.holes === true,
      extendedPointers: values['ext-pointers'] === true,
      effort: values.best === true ? 'best' : 'default',
      force: values.force === true,
      xip: { mode: xip === 0 ? 'none' : xip === 1 ? 'nommu' : 'mmu' },
      ...(blocksize === undefined ? {} : { blockSize: parseBlockSize('-b')(blocksize) }),
      ...(edition === undefined ? {} : { edition: parseCount('-e', 0xffffffff)(edition) }),
      ...(name === undefined ? {} : { volumeName: textToName(name) }),
      ...(compat === undefined
        ? {}
        : { compat: oneOf('--compat', ['mkcramfs', 'util-linux'])(compat) }),
    },
    insert: values.insert,
    deviceTables: values['device-table'] ?? [],
    squash: values.squash === true,
    owners: [],
    modes: [],
    exclude: [],
    excludeFrom: [],
    filePatterns: [],
    idle:
      values.force === true && compat === undefined
        ? ['--force does nothing without --compat']
        : [],
    allow: new Set<Leave>((values.allow ?? []).map(oneOf('--allow', LEAVES))),
    warningsAreErrors: values.errors === true,
    listAll: values.verbose === true,
    workers: undefined,
    cache: undefined,
    compression: 'none',
    planned: undefined,
    eraseSize: undefined,
    quiet: false,
  };
}

async function succeed(io: CliIo, output: string): Promise<ExitCode> {
  await print(io, output);
  return EXIT.ok;
}
