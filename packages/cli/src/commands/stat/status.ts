import type { CramfsImage, Inode } from 'cramfs-reader';
import type { Problems } from '../../shell/problems.js';
import { atPath } from '../../shell/report-error.js';
import { BlockTally } from '../../render/block-tally.js';
import { programFormat } from '../../render/program-format.js';

/** What `cramfs stat` shows of one path. */
export interface FileStatus {
  readonly path: string;
  readonly inode: Inode;
  readonly target: string | undefined;
  /** Format of a program. */
  readonly format: string | undefined;
  /** Blocks of a file or symlink. */
  readonly blocks: BlockTally | undefined;
}
/** Reads the status; reports what cannot be read, and leaves it out. */
export function fileStatus(
  image: CramfsImage,
  path: string,
  inode: Inode,
  problems: Problems,
): FileStatus {
  const isLink = inode.type === 'symlink';
  const isReadable = image.unreadable === undefined;
  const hasBlocks = isLink || inode.type === 'file';
  const attempt = <T>(action: () => T): T | undefined => problems.try(() => atPath(path, action));
  return {
    path,
    inode,
    target: isLink && isReadable ? attempt(() => image.readlink(inode)) : undefined,
    format: programFormat(image, inode)?.text,
    blocks: hasBlocks && isReadable ? attempt(() => BlockTally.ofFile(image, inode)) : undefined,
  };
}
