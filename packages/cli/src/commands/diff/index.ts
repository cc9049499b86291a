import { formatMode, nameToText } from 'cramfs-format';
import type { CramfsImage, Difference, Inode } from 'cramfs-reader';
import { defineCommand } from '../../shell/command.js';
import { UsageError } from '../../shell/errors.js';
import { EXIT } from '../../shell/exit-codes.js';
import { printPieces } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { flag, imageOptions, jsonOption, maxEntriesOption } from '../../shell/options.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { atPath } from '../../shell/report-error.js';
import { JsonList, inodeJson, jsonPieces } from '../../render/json.js';

/** One of the images, and what is wrong with it. */
interface Side {
  readonly image: CramfsImage;
  readonly problems: Problems;
}

export const diff = defineCommand({
  synopsis: 'IMAGE1 IMAGE2',
  description:
    'Compares two images by what is in them, whatever their byte order, block size and layout.\n' +
    'Exits 1 if they differ.',
  options: {
    layout: flag('also compare how the blocks are stored'),
    ...maxEntriesOption,
    ...jsonOption,
    ...imageOptions,
  },
  async run(args, io) {
    const [before, after] = args.operands as [string, string];
    if (before === '-' && after === '-') {
      throw new UsageError('only one of the images can be standard input');
    }
    const { diffImages } = await import('cramfs-reader');
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
        ? jsonPieces(new JsonList(jsonItems(differences, old, now)))
        : textPieces(differences, old.image, now.image),
    );
    const codes = [old, now].map(({ problems }) => problems.finish());
    return (
      codes.find((code) => code !== EXIT.ok) ?? (differences.length > 0 ? EXIT.differs : EXIT.ok)
    );
  },
});

const SIGNS = { added: '+', removed: '-', changed: '!' } as const;

function* jsonItems(
  differences: readonly Difference[],
  old: Side,
  now: Side,
): Generator<unknown, void> {
  for (const difference of differences) yield toJson(difference, old, now);
}

function* textPieces(
  differences: readonly Difference[],
  old: CramfsImage,
  now: CramfsImage,
): Generator<string, void> {
  for (const difference of differences) yield toText(difference, old, now);
}

function toJson(difference: Difference, old: Side, now: Side): unknown {
  const { path, kind, what, before, after } = difference;
  const side = (inode: Inode | undefined, { image, problems }: Side): unknown => {
    if (inode === undefined) return null;
    const target =
      inode.type === 'symlink'
        ? problems.try(() => atPath(path, () => image.readlink(inode)))
        : undefined;
    return inodeJson(path, inode, target);
  };
  return {
    path: nameToText(path),
    kind,
    what,
    before: side(before, old),
    after: side(after, now),
  };
}

/** `! /bin/sh: mode -rwxr-xr-x -> -rwsr-xr-x, content` */
function toText(difference: Difference, old: CramfsImage, now: CramfsImage): string {
  const { path, kind, what, before, after } = difference;
  const line = `${SIGNS[kind]} ${nameToText(path)}`;
  if (before === undefined || after === undefined) return `${line}\n`;
  const details = what.map((aspect) => {
    switch (aspect) {
      case 'type':
        return `type ${String(before.type)} -> ${String(after.type)}`;
      case 'mode':
        return `mode ${formatMode(before.mode)} -> ${formatMode(after.mode)}`;
      case 'owner':
        return `owner ${before.uid}:${before.gid} -> ${after.uid}:${after.gid}`;
      case 'size':
        return `size ${before.size} -> ${after.size}`;
      case 'target':
        return `target ${nameToText(old.readlink(before))} -> ${nameToText(now.readlink(after))}`;
      case 'rdev':
        return `device ${deviceText(before)} -> ${deviceText(after)}`;
      case 'content':
      case 'layout':
        return aspect;
    }
  });
  return `${line}: ${details.join(', ')}\n`;
}

function deviceText({ rdev }: Inode): string {
  return rdev === undefined ? 'none' : `${rdev.major},${rdev.minor}`;
}
