import { nameToText, plural } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import type { ExtractProblem, ExtractReport, ImagePool } from 'cramfs-reader/node';
import { defineCommand } from '../../shell/command.js';
import { crcProblem } from '../../shell/crc-warning.js';
import { CRC_MISMATCH, extractExitCode, runExtract } from './run.js';
import { print } from '../../shell/io.js';
import { openImageAndOffset } from '../../shell/open-image.js';
import {
  choice,
  flag,
  imageOptions,
  jsonOption,
  maxEntriesOption,
  parseBytes,
  parseCount,
  text,
  value,
} from '../../shell/options.js';
import { renderJson } from '../../render/json.js';
import { withPool } from '../../shell/with-pool.js';

export const extract = defineCommand({
  synopsis: 'IMAGE [PATH|GLOB...]',
  description:
    'Writes an image, or parts of it, to a directory. Never writes outside that directory, and\n' +
    'replaces files only with --force. Unless run by root it leaves out owners and device nodes,\n' +
    'with a warning; `cramfs tar` keeps them.',
  options: {
    directory: value(
      'directory to write to (default: the current one); made if missing',
      text,
      'C',
      'DIR',
    ),
    force: flag('replace files that exist', 'f'),
    owner: {
      type: 'boolean',
      describe: 'set owners and groups (default: if root); --no-owner does not',
    },
    setuid: {
      type: 'boolean',
      describe:
        'keep setuid and setgid bits (default: if root and owners are set); --no-setuid does not',
    },
    devices: choice(
      'devices',
      ['create', 'skip'],
      'create device nodes or skip them (default: create if root)',
    ),
    damage: choice(
      'damage',
      ['remove', 'zeros'],
      'what to do with a file that has damaged blocks: remove it (default), or fill them with zeros',
    ),
    'max-bytes': value(
      'refuse images whose files need more disk than this (default: 4G)',
      parseBytes('--max-bytes'),
    ),
    ...maxEntriesOption,
    workers: value('number of threads', parseCount('--workers', 256, 1)),
    verbose: flag('print every problem, even many of a kind', 'v'),
    ...jsonOption,
    ...imageOptions,
  },
  async run(args, io) {
    const [file, ...paths] = args.operands as [string, ...string[]];
    const target = args.directory ?? '.';
    const options = {
      paths: paths.length === 0 ? undefined : paths,
      preserveOwner: args.owner,
      setuid: args.setuid,
      devices: args.devices,
      force: args.force,
      damage: args.damage,
      maxBytes: args['max-bytes'],
      maxEntries: args['max-entries'],
      workers: args.workers === undefined ? undefined : args.workers - 1,
    };
    let offset = 0;
    const extractWith = async (pool?: ImagePool): Promise<ExtractReport> => {
      const opened = await openImageAndOffset(file, args, io);
      const { image } = opened;
      offset = opened.offset;
      const lines = {
        tool: 'cramfs',
        all: args.verbose || args.json,
        hint: '--verbose lists all',
      };
      return runExtract(
        image,
        file,
        target,
        { ...options, pool },
        lines,
        io,
        await crcProblems(image),
      );
    };
    // A part of an image may be small: that is known when it has been read.
    const report =
      paths.length === 0 ? await withPool(file, args.workers, extractWith) : await extractWith();
    await print(io, args.json ? renderJson({ offset, ...toJson(report) }) : summary(report));
    return extractExitCode(report);
  },
});

/** Files are written all the same, but not with success. */
async function crcProblems(image: CramfsImage): Promise<ExtractProblem[]> {
  const message = await crcProblem(image);
  if (message === undefined) return [];
  return [{ severity: 'warning', path: undefined, code: CRC_MISMATCH, message }];
}

function toJson({ problems, ...counts }: ExtractReport) {
  return {
    ...counts,
    problems: problems.map(({ severity, path, offset, code, message }) => ({
      severity,
      path: path === undefined ? null : nameToText(path),
      offset: offset ?? null,
      code,
      message,
    })),
  };
}

function summary({ files, directories, symlinks, nodes, bytes }: ExtractReport): string {
  return (
    `extracted ${plural(files, 'file')} (${plural(bytes, 'byte')}), ` +
    `${plural(directories, 'directory', 'directories')}, ${plural(symlinks, 'symlink')}, ` +
    `${plural(nodes, 'device or fifo', 'devices and fifos')}\n`
  );
}
