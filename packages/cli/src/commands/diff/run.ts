import { diffImages, type Difference } from 'cramfs-reader';
import type { DirectoryEntry } from 'mkcramfs';
import type { DiffArguments } from './index.js';
import { UsageError } from '../../shell/errors.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import { printPieces, type CliIo } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { lookOf } from '../../render/look.js';
import { about } from '../../shell/report-error.js';
import { diffJson } from './json.js';
import type { Side } from './side.js';
import { diffText } from './text.js';
import { diffTree, reversed } from './tree-diff.js';
import { isTree, openTree } from './tree-side.js';

/** `cramfs diff`, its command line parsed. */
export async function runDiffCommand(args: DiffArguments, io: CliIo): Promise<ExitCode> {
  const [before, after] = args.operands as [string, string];
  if (before === '-' && after === '-') {
    throw new UsageError('only one of the images can be standard input');
  }
  const [old, now] = [await openSide(before, args, io), await openSide(after, args, io)];
  const found = await findDifferences(old, now, args);
  const differences = args.owner ? found : withoutOwners(found);
  await printPieces(
    io,
    args.json
      ? diffJson(differences, old, now)
      : diffText(differences, old.readlink, now.readlink, lookOf(io, args)),
  );
  const codes = [old, now].map(({ problems }) => problems.finish());
  return (
    codes.find((code) => code !== EXIT.ok) ?? (differences.length > 0 ? EXIT.differs : EXIT.ok)
  );
}

async function openSide(file: string, args: DiffArguments, io: CliIo): Promise<Side> {
  const problems = new Problems(file, io, allWithJson(args));
  if (await about(file, () => isTree(file))) return openTree(file, problems);
  const content = await openImageArgument(file, args, io);
  return { content, problems, readlink: (inode) => content.readlink(inode) };
}

async function findDifferences(
  old: Side,
  now: Side,
  args: DiffArguments,
): Promise<readonly Difference[]> {
  const [before, after] = [old.content, now.content];
  if ('superblock' in before && 'superblock' in after) {
    return diffImages(before, after, {
      layout: args.layout,
      maxEntries: args['max-entries'],
      onError: (error, image) => {
        (image === before ? old : now).problems.add(error);
      },
    });
  }
  if (args.layout) throw new UsageError('--layout compares images only');
  if ('superblock' in before) {
    return diffTree(before, after as DirectoryEntry, old.problems);
  }
  if ('superblock' in after) return reversed(await diffTree(after, before, now.problems));
  throw new UsageError('one of them has to be an image');
}

function withoutOwners(differences: readonly Difference[]): Difference[] {
  return differences.flatMap((difference) => {
    const what = difference.what.filter((aspect) => aspect !== 'owner');
    return difference.kind === 'changed' && what.length === 0 ? [] : [{ ...difference, what }];
  });
}
