import { formatMode, nameToText } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';
import { defineCommand } from '../../shell/command.js';
import { expandPaths } from '../../shell/expand-paths.js';
import { atPath } from '../../shell/report-error.js';
import { print } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { flag, imageOptions, jsonOption } from '../../shell/options.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { BlockTally } from '../../render/block-tally.js';
import { hex, inodeJson, octal, renderJson } from '../../render/json.js';
import { programFormat } from '../../render/program-format.js';
import { renderFields } from '../../render/table.js';

interface FileStatus {
  readonly path: string;
  readonly inode: Inode;
  readonly target: string | undefined;
  /** Of a program. */
  readonly format: string | undefined;
  /** Of a file or symlink. */
  readonly blocks: BlockTally | undefined;
}

export const stat = defineCommand({
  synopsis: 'IMAGE PATH|GLOB...',
  description: 'Shows what the image says about files: inode, offsets, and how blocks are stored.',
  options: {
    dereference: flag('follow symbolic links', 'L'),
    ...jsonOption,
    ...imageOptions,
  },
  async run(args, io) {
    const [file, ...paths] = args.operands as [string, ...string[]];
    const image = await openImageArgument(file, args, io);
    const problems = new Problems(file, io, allWithJson(args));
    const found: FileStatus[] = [];
    for (const path of expandPaths(image, paths, () => true, problems.add)) {
      const options = { followSymlinks: args.dereference };
      const inode = problems.try(() => image.lookup(path, options));
      if (inode !== undefined) found.push(fileStatus(image, path, inode, problems));
    }
    await print(io, args.json ? renderJson(found.map(toJson)) : found.map(toText).join('\n'));
    return problems.finish();
  },
});

function fileStatus(
  image: CramfsImage,
  path: string,
  inode: Inode,
  problems: Problems,
): FileStatus {
  const isLink = inode.type === 'symlink';
  const hasBlocks = isLink || inode.type === 'file';
  const attempt = <T>(action: () => T): T | undefined => problems.try(() => atPath(path, action));
  return {
    path,
    inode,
    target: isLink ? attempt(() => image.readlink(inode)) : undefined,
    format: programFormat(image, inode)?.text,
    blocks: hasBlocks ? attempt(() => BlockTally.ofFile(image, inode)) : undefined,
  };
}

function toJson({ path, inode, target, format, blocks }: FileStatus): unknown {
  return {
    ...inodeJson(path, inode, target),
    entryOffset: inode.entryOffset,
    dataOffset: inode.dataOffset === 0 ? null : inode.dataOffset,
    format: format ?? null,
    blocks: blocks?.toJson() ?? null,
  };
}

function toText({ path, inode, target, format, blocks }: FileStatus): string {
  const { type, mode, uid, gid, size, rdev, ino, entryOffset, dataOffset } = inode;
  return renderFields([
    ['path', nameToText(path) + (target === undefined ? '' : ` -> ${nameToText(target)}`)],
    ['type', type ?? `unknown (mode 0${octal(mode, 6)})`],
    ['mode', `${octal(mode & 0o7777, 4)} ${formatMode(mode)}`],
    ['owner', `${uid}:${gid}`],
    rdev === undefined ? ['size', String(size)] : ['device', `${rdev.major}, ${rdev.minor}`],
    ['inode', String(ino)],
    ['entry at', hex(entryOffset)],
    ...(dataOffset === 0 ? [] : ([['data at', hex(dataOffset)]] as const)),
    ...(format === undefined ? [] : ([['format', format]] as const)),
    ...(blocks === undefined ? [] : ([['blocks', blocks.toText()]] as const)),
  ]);
}
