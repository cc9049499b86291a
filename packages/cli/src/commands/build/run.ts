import { compileGlobs } from 'cramfs-reader/glob';
import { ALLOWANCES } from 'mkcramfs';
import type { BuildArguments } from './index.js';
import { UsageError } from '../../shell/errors.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { print, type CliIo } from '../../shell/io.js';
import { oneOf } from '../../shell/options.js';
import { renderJson } from '../../render/json.js';
import { lookOf } from '../../render/look.js';
import { reportJson } from './json.js';
import { endiannessOf, parseModeRule, parseOwnerRule, splitTailRule, tailRules } from './rules.js';
import { reportTable, summaryLine } from './text.js';
import type { BuildRequest, Compression, Leave } from './request.js';
import { runBuild } from './write.js';

/** What --allow takes. */
export const LEAVES: readonly Leave[] = [...ALLOWANCES, 'skip-unreadable'];

/** `cramfs build`, its command line parsed. */
export async function runBuildCommand(args: BuildArguments, io: CliIo): Promise<ExitCode> {
  const request = buildRequest(args);
  const report = await runBuild(request, 'cramfs', args.report !== undefined, io);
  const look = lookOf(io, args);
  if (args.report === 'json') {
    await print(io, renderJson(reportJson(report)));
  } else {
    const table = args.report === 'table' ? reportTable(report, look) : '';
    const summary = args.quiet ? '' : summaryLine(request.output, report, args.verbose, look);
    await print(io, table + summary);
  }
  return EXIT.ok;
}

function buildRequest(args: BuildArguments): BuildRequest {
  const [source, output] = args.operands as [string, string];
  const { tail, edition, name, compat, workers } = args;
  const blockSize = args['page-size'];
  const xip = args.xip ?? 'none';
  const maxSize = roomFor(args);
  const align = args['xip-align'];
  return {
    source,
    output,
    image: {
      endianness: args.B ? 'big' : args.L ? 'little' : endiannessOf(args.endian ?? 'little'),
      pad: args.pad,
      holes: args.holes,
      extendedPointers: args['ext-pointers'],
      effort: args.best ? 'best' : 'default',
      force: args.force,
      ...(blockSize === undefined ? {} : { blockSize }),
      ...(maxSize === undefined ? {} : { maxSize }),
      ...(name === undefined ? {} : { volumeName: name }),
      ...(edition === undefined ? {} : { edition }),
      ...(compat === undefined ? {} : { compat }),
      xip: {
        mode: xip,
        include: compileGlobs(args['xip-include']),
        exclude: compileGlobs(args['xip-exclude']),
        sticky: args['xip-sticky'],
        tail: tailRules(tail),
        pad: args['xip-pad'],
        ...(align === undefined ? {} : { align }),
      },
    },
    insert: args.insert,
    deviceTables: args['device-table'],
    squash: args.squash,
    owners: args.owner.map(parseOwnerRule),
    modes: args.mode.map(parseModeRule),
    exclude: args.exclude,
    excludeFrom: args['exclude-from'],
    filePatterns: xip === 'none' ? [] : filePatterns(args),
    idle: idleOptions(args),
    allow: new Set(args.allow.map(oneOf('--allow', LEAVES))),
    warningsAreErrors: args.strict,
    listAll: args.verbose || args.report === 'json',
    workers,
    compression: compressionOf(args.compress, output),
    eraseSize: args['erase-size'],
    quiet: args.quiet,
  };
}

/** A partition has room for whole erase blocks. */
function roomFor(args: BuildArguments): number | undefined {
  const { 'max-size': maxSize, 'erase-size': eraseSize = 1 } = args;
  return maxSize === undefined ? undefined : maxSize - (maxSize % eraseSize);
}

function filePatterns(args: BuildArguments): [option: string, glob: string][] {
  return [
    ...args['xip-include'].map((glob): [string, string] => ['--xip-include', glob]),
    ...args['xip-exclude'].map((glob): [string, string] => ['--xip-exclude', glob]),
    ...args.tail.flatMap((rule): [string, string][] => {
      const glob = splitTailRule(rule).glob;
      return glob === undefined ? [] : [['--tail', glob]];
    }),
  ];
}

/** Options that have no effect beside the others. */
function idleOptions(args: BuildArguments): string[] {
  const without = (needed: string, given: Record<string, boolean>): string[] =>
    Object.entries(given)
      .filter(([, isGiven]) => isGiven)
      .map(([option]) => `${option} does nothing without ${needed}`);
  const inPlace = args.xip !== undefined && args.xip !== 'none';
  return [
    ...(inPlace
      ? []
      : without('--xip', {
          '--xip-include': args['xip-include'].length > 0,
          '--xip-exclude': args['xip-exclude'].length > 0,
          '--xip-sticky': args['xip-sticky'],
          '--tail': args.tail.length > 0,
          '--xip-pad': args['xip-pad'],
        })),
    ...(args.xip === 'nommu'
      ? []
      : without('--xip=nommu', { '--xip-align': args['xip-align'] !== undefined })),
    ...(args.compat === undefined ? without('--compat', { '--force': args.force }) : []),
    ...(args.compat !== undefined && args.best ? ['--best does nothing with --compat'] : []),
    ...(args['max-size'] === undefined
      ? without('--max-size', { '--erase-size': args['erase-size'] !== undefined })
      : []),
  ];
}

function compressionOf(given: Compression | undefined, output: string): Compression {
  if (output === '-') throw new UsageError('an image cannot be written to standard output');
  if (given !== undefined) return given;
  return output.endsWith('.gz') ? 'gz' : output.endsWith('.zst') ? 'zst' : 'none';
}
