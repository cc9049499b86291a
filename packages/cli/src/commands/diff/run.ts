import { diffImages } from 'cramfs-reader';
import type { DiffArguments } from './index.js';
import { UsageError } from '../../shell/errors.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { printPieces, type CliIo } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { lookOf } from '../../render/look.js';
import { diffJson, type Side } from './json.js';
import { diffText } from './text.js';

/** `cramfs diff`, its command line parsed. */
export async function runDiffCommand(args: DiffArguments, io: CliIo): Promise<ExitCode> {
  const [before, after] = args.operands as [string, string];
  if (before === '-' && after === '-') {
    throw new UsageError('only one of the images can be standard input');
  }
  const open = async (file: string): Promise<Side> => ({
    image: await openImageArgument(file, args, io),
    problems: new Problems(file, io, allWithJson(args)),
  });
  const old = await open(before);
  const now = await open(after);
  const differences = diffImages(old.image, now.image, {
    layout: args.layout,
    maxEntries: args['max-entries'],
    onError: (error, image) => {
      (image === old.image ? old : now).problems.add(error);
    },
  });
  await printPieces(
    io,
    args.json
      ? diffJson(differences, old, now)
      : diffText(differences, old.image, now.image, lookOf(io, args)),
  );
  const codes = [old, now].map(({ problems }) => problems.finish());
  return (
    codes.find((code) => code !== EXIT.ok) ?? (differences.length > 0 ? EXIT.differs : EXIT.ok)
  );
}
