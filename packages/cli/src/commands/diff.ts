import { formatMode, isCramfsError, nameToText } from 'cramfs-format';
import type { CramfsImage, Difference, Inode } from 'cramfs-reader';
import { defineCommand } from '../command.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { print } from '../io.js';
import { openImageArgument } from '../open-image.js';
import { flag, imageOptions, jsonOption } from '../options.js';
import { Problems } from '../problems.js';
import { inodeJson, renderJson } from '../render/json.js';

export const diff = defineCommand({
  synopsis: 'IMAGE1 IMAGE2',
  description:
    'Compares two images by what is in them, whatever their byte order, block size and layout.\n' +
    'Exits 1 if they differ.',
  options: {
    layout: flag('also compare how the blocks are stored'),
    ...jsonOption,
    ...imageOptions,
  },
  async run(args, io) {
    const [before, after] = args.operands as [string, string];
    if (before === '-' && after === '-') {
      throw new UsageError('only one of the images can be standard input');
    }
    const { diffImages } = await import('cramfs-reader');
    const old = await openImageArgument(before, args, io);
    const now = await openImageArgument(after, args, io);
    const oldProblems = new Problems(before, io);
    const nowProblems = new Problems(after, io);
    const differences = diffImages(old, now, {
      layout: args.layout,
      onError: (error, image) => {
        (image === old ? oldProblems : nowProblems).add(error);
      },
    });
    await print(
      io,
      args.json
        ? renderJson(differences.map((difference) => toJson(difference, old, now)))
        : differences.map((difference) => toText(difference, old, now)).join(''),
    );
    const failed = [oldProblems, nowProblems].find(({ exitCode }) => exitCode !== EXIT.ok);
    return failed?.exitCode ?? (differences.length > 0 ? EXIT.differs : EXIT.ok);
  },
});

const SIGNS = { added: '+', removed: '-', changed: '!' } as const;

function toJson(difference: Difference, old: CramfsImage, now: CramfsImage): unknown {
  const { path, kind, what, before, after } = difference;
  const side = (inode: Inode | undefined, image: CramfsImage): unknown =>
    inode === undefined ? null : inodeJson(path, inode, targetOf(inode, image));
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

function targetOf(inode: Inode, image: CramfsImage): string | undefined {
  if (inode.type !== 'symlink') return undefined;
  try {
    return image.readlink(inode);
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    return undefined;
  }
}

function deviceText({ rdev }: Inode): string {
  return rdev === undefined ? 'none' : `${rdev.major},${rdev.minor}`;
}
