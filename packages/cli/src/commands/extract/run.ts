import type { CramfsImage } from 'cramfs-reader';
import type { ExtractProblem, ExtractReport, ImagePool } from 'cramfs-reader/node';
import type { ExtractArguments } from './index.js';
import { crcProblem } from '../../shell/crc-warning.js';
import type { ExitCode } from '../../shell/exit-codes.js';
import { print, type CliIo } from '../../shell/io.js';
import { openImageAndOffset } from '../../shell/open-image.js';
import { withPool } from '../../shell/with-pool.js';
import { extractJson } from './json.js';
import { extractText } from './text.js';
import { CRC_MISMATCH, extractExitCode, runExtract } from './write.js';

/** `cramfs extract`, its command line parsed. */
export async function runExtractCommand(args: ExtractArguments, io: CliIo): Promise<ExitCode> {
  const [file, ...paths] = args.operands as [string, ...string[]];
  const target = args.directory ?? '.';
  const options = {
    paths: paths.length === 0 ? undefined : paths,
    preserveOwner: args.owner,
    setuid: args.setuid,
    devices: args.devices,
    force: args.force,
    damage: args.damage ?? (args.salvage ? ('zeros' as const) : undefined),
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
      all: args.verbose || args.json || args.salvage,
      hint: '--verbose lists all',
    };
    return runExtract(image, file, target, { ...options, pool }, lines, io, crcProblems(image));
  };
  // A part of an image may be small, which is known only after it has been read.
  const report =
    paths.length === 0 ? await withPool(file, args.workers, extractWith) : await extractWith();
  await print(io, args.json ? extractJson(report, offset) : extractText(report));
  return extractExitCode(report);
}

/** Files are written all the same, but the command does not succeed. */
function crcProblems(image: CramfsImage): ExtractProblem[] {
  const message = crcProblem(image);
  if (message === undefined) return [];
  return [{ severity: 'warning', path: undefined, code: CRC_MISMATCH, message }];
}
