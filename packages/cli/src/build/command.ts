import { compileGlobs } from 'cramfs-reader/glob';
import { ALLOWANCES, parseModeRule, parseOwnerRule } from 'mkcramfs';
import type { BuildArguments } from '../commands/build.js';
import { UsageError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { print, type CliIo } from '../io.js';
import { oneOf } from '../options.js';
import { renderJson } from '../render/json.js';
import { endiannessOf, tailRules } from './parse.js';
import { reportJson, reportTable, summaryLine } from './report.js';
import type { BuildRequest, Compression, Leave } from './request.js';
import { runBuild } from './write.js';

/** What --allow takes. */
export const LEAVES: readonly Leave[] = [...ALLOWANCES, 'skip-unreadable'];

/** `cramfs build`, its command line parsed. */
export async function runBuildCommand(args: BuildArguments, io: CliIo): Promise<ExitCode> {
  const request = buildRequest(args);
  const report = await runBuild(request, 'cramfs', args.report !== undefined, io);
  if (args.report === 'json') {
    await print(io, renderJson(reportJson(report)));
  } else {
    const table = args.report === 'table' ? reportTable(report) : '';
    await print(io, table + summaryLine(request.output, report, args.verbose));
  }
  return EXIT.ok;
}

function buildRequest(args: BuildArguments): BuildRequest {
  const [source, output] = args.operands as [string, string];
  const { tail, edition, name, compat, workers } = args;
  const blockSize = args['page-size'];
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
      ...(name === undefined ? {} : { volumeName: name }),
      ...(edition === undefined ? {} : { edition }),
      ...(compat === undefined ? {} : { compat }),
      xip: {
        mode: args.xip ?? 'none',
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
    allow: new Set(args.allow.map(oneOf('--allow', LEAVES))),
    warningsAreErrors: args.strict,
    listAll: args.verbose || args.report === 'json',
    workers,
    compression: compressionOf(args.compress, output),
  };
}

function compressionOf(given: Compression | undefined, output: string): Compression {
  if (output === '-') throw new UsageError('an image cannot be written to standard output');
  if (given !== undefined) return given;
  return output.endsWith('.gz') ? 'gz' : output.endsWith('.zst') ? 'zst' : 'none';
}
