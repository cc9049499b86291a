import { compileGlobs } from 'cramfs-reader/glob';
import type { CacheOptions } from 'mkcramfs/node';
import type { BuildArguments } from './index.js';
import { UsageError } from '../../shell/errors.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { print, standardInput, type CliIo } from '../../shell/io.js';
import { renderJson } from '../../render/json.js';
import { lookOf } from '../../render/look.js';
import { reportJson } from './json.js';
import { isImageSource } from '../../building/is-image-source.js';
import { parseChanges } from '../../building/changes.js';
import type { SpliceRequest } from '../../building/splice.js';
import { about, printable } from '../../shell/report-error.js';
import { splitTailRule, tailRules } from '../../building/rules.js';
import { sourceRequest } from '../../building/source-request.js';
import { reportTable, summaryLine } from './text.js';
import type { BuildRequest, Compression } from '../../building/request.js';
import type { PlannedBuild } from '../../planning/planned-build.js';
import { runBuild } from './write.js';

/** `cramfs build`, its command line parsed. */
export async function runBuildCommand(args: BuildArguments, io: CliIo): Promise<ExitCode> {
  const request = await withImages(buildRequest(args), args, io);
  if (request.source === '-') standardInput(io);
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

/** Options that --like takes from the image. */
const LIKE = ['xip', 'compat', 'flash', 'xip-plan'] as const;

/** Opens the images of a request: its source, and the image that --like names. */
async function withImages(
  request: BuildRequest,
  args: BuildArguments,
  io: CliIo,
): Promise<BuildRequest> {
  const { source } = request;
  const place = { offset: args.offset, image: args.image, dialect: args.dialect };
  const sources = () => import('../../building/image-source.js');
  const isImage = await about(source, () => isImageSource(source, place));
  const sourceImage = isImage
    ? await (await sources()).openSourceImage(source, place, io)
    : undefined;
  const read = { ...request, sourceImage, changes: parseChanges(args), splice: spliceOf(args) };
  const inputs = read.changes.flatMap((change) => ('file' in change ? [change.file] : []));
  if (read.splice !== undefined) inputs.push(read.splice.file);
  if (args.like === undefined) return { ...read, inputs };
  const taken = LIKE.find((option) => args[option] !== undefined);
  if (taken !== undefined) {
    throw new UsageError(`--like takes it from the image: --${taken} cannot be given with it`);
  }
  const { options, isExact } = await (await sources()).readForm(args.like, place, io);
  if (!isExact) {
    const name = printable(args.like);
    io.stderr.write(
      `cramfs: ${name}: no layout known here gives its bytes: the new one is only alike\n`,
    );
  }
  const { insert, ...form } = options;
  return {
    ...read,
    inputs: [...inputs, args.like],
    likeInsert: insert,
    image: { ...form, ...given(args, request.image) },
  };
}

/** The options given on the command line, which override the other image's. */
function given(args: BuildArguments, image: BuildRequest['image']): Partial<BuildRequest['image']> {
  const { endianness, blockSize, volumeName, edition, maxSize } = image;
  return {
    ...(args.B || args.L || args.endian !== undefined ? { endianness: endianness! } : {}),
    ...(blockSize === undefined ? {} : { blockSize }),
    ...(volumeName === undefined ? {} : { volumeName }),
    ...(edition === undefined ? {} : { edition }),
    ...(maxSize === undefined ? {} : { maxSize }),
    ...(args.pad ? { pad: true } : {}),
    ...(args.holes ? { holes: true } : {}),
  };
}

function spliceOf(args: BuildArguments): SpliceRequest | undefined {
  const { splice: file, at = args.offset, fill = '00', grow } = args;
  if (file === undefined) {
    const idle = args.at !== undefined ? '--at' : grow ? '--grow' : undefined;
    if (idle !== undefined) throw new UsageError(`${idle} does nothing without --splice`);
    return undefined;
  }
  if (typeof at !== 'number') throw new UsageError('--splice needs --at OFFSET');
  if (args.compress !== undefined) throw new UsageError('--compress cannot be given with --splice');
  return { file, at, fill: parseInt(fill, 16), grow };
}

function buildRequest(args: BuildArguments): BuildRequest {
  const output = args.operands[1]!;
  const { tail, compat } = args;
  const planned = plannedBuild(args);
  const xip = args.xip ?? (args.flash === undefined ? 'none' : 'mmu');
  const maxSize = roomFor(args);
  const align = args['xip-align'];
  const request = sourceRequest(args);
  return {
    ...request,
    output,
    image: {
      ...request.image,
      extendedPointers: args['ext-pointers'],
      force: args.force,
      ...(maxSize === undefined ? {} : { maxSize }),
      ...(compat === undefined ? {} : { compat }),
      xip: {
        mode: xip,
        include: compileGlobs(args['xip-include']),
        exclude: compileGlobs(args['xip-exclude']),
        sticky: args['xip-sticky'],
        tail: tailRules(tail),
        pad: args['xip-pad'],
        gzipData: args['xip-gzip-data'],
        ...(align === undefined ? {} : { align }),
      },
    },
    filePatterns: xip === 'none' ? [] : filePatterns(args),
    idle: idleOptions(args),
    planned,
    warningsAreErrors: args.strict,
    listAll: args.verbose || args.report === 'json',
    cache: cacheOf(args),
    compression: compressionOf(args.compress, output),
    eraseSize: args['erase-size'],
    quiet: args.quiet,
  };
}

/** Options that say what runs in place, which a plan replaces. */
const RULES = ['xip-include', 'xip-exclude', 'tail'] as const;

function plannedBuild(args: BuildArguments): PlannedBuild | undefined {
  const { flash, 'xip-plan': file, compat } = args;
  if (flash === undefined && file === undefined) return undefined;
  const name = flash === undefined ? '--xip-plan' : '--flash';
  if (flash !== undefined && file !== undefined) {
    throw new UsageError('--flash makes a plan: it cannot be given with --xip-plan');
  }
  const rule =
    RULES.find((option) => args[option].length > 0) ??
    (['xip-sticky', 'xip-pad'] as const).find((option) => args[option]);
  if (rule !== undefined) {
    throw new UsageError(`${name} decides what is in place: --${rule} cannot be given with it`);
  }
  if (compat !== undefined) {
    throw new UsageError(`--compat makes another tool's images: ${name} cannot be given with it`);
  }
  if (args.xip === 'none') throw new UsageError(`${name} cannot be given with --xip=none`);
  return file === undefined ? { flash: flash!, args } : { file, adapt: args.adapt };
}

const CACHE_SIZE = 2 ** 30;

function cacheOf({
  cache,
  'cache-size': limit = CACHE_SIZE,
}: BuildArguments): CacheOptions | undefined {
  return cache === undefined ? undefined : { directory: cache, limit };
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
    ...(args['xip-plan'] === undefined ? without('--xip-plan', { '--adapt': args.adapt }) : []),
    ...(args.flash === undefined
      ? without('--flash', {
          '--run': args.run.length > 0,
          '--run-file': args['run-file'] !== undefined,
          '--profile': args.profile.length > 0,
          '--profile-root': args['profile-root'].length > 0,
          '--touched': args.touched !== undefined,
          '--time': args.time !== undefined,
        })
      : []),
    ...(args.xip === 'nommu'
      ? []
      : without('--xip=nommu', {
          '--xip-align': args['xip-align'] !== undefined,
          '--xip-gzip-data': args['xip-gzip-data'],
        })),
    ...(args.compat === undefined ? without('--compat', { '--force': args.force }) : []),
    ...(args.compat !== undefined && args.best ? ['--best does nothing with --compat'] : []),
    ...(args.cache === undefined
      ? without('--cache', { '--cache-size': args['cache-size'] !== undefined })
      : []),
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
