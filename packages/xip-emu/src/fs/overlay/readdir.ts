import { SyscallError } from '../../errno.js';
import type { Inode } from '../../vfs/inode.js';
import type { OverlayInode } from './inode.js';
import { isWhiteout } from './layers.js';

/** struct ovl_cache_entry: a name of a merged directory. */
interface MergedEntry {
  readonly name: string;
  /** The inode in the first layer that has the name. */
  readonly inode: Inode;
  readonly isUpper: boolean;
  readonly isWhiteout: boolean;
}

function entriesOf(directory: Inode): readonly string[] {
  if (directory.readdir === undefined) throw new SyscallError('ENOTDIR');
  const names = directory.readdir().map(({ name }) => name);
  return names.filter((name) => name !== '.' && name !== '..');
}

/**
 * The names of all layers, with those that are hidden: first what the lowest layer has, in its
 * order, then the others. Compare fs/overlayfs/readdir.c:ovl_dir_read_merged().
 */
export function readMerged({ upper, lowers }: OverlayInode): MergedEntry[] {
  const found = new Map<string, MergedEntry>();
  const directories = [
    ...(upper === undefined ? [] : [{ directory: upper, isUpper: true }]),
    ...lowers.map(({ inode }) => ({ directory: inode, isUpper: false })),
  ];
  let lowest: readonly string[] = [];
  for (const { directory, isUpper } of directories) {
    lowest = entriesOf(directory);
    for (const name of lowest) {
      if (found.has(name)) continue;
      const inode = directory.lookup(name);
      if (inode !== undefined) {
        found.set(name, { name, inode, isUpper, isWhiteout: isWhiteout(inode) });
      }
    }
  }
  const first = new Set(lowest);
  const names = [...lowest, ...[...found.keys()].filter((name) => !first.has(name))];
  return names.map((name) => found.get(name)).filter((entry) => entry !== undefined);
}

/**
 * Makes sure that a directory has no entries. Compare fs/overlayfs/readdir.c:ovl_check_empty_dir().
 *
 * @returns the whiteouts of the upper one, which go with it.
 * @throws SyscallError ENOTEMPTY.
 */
export function checkEmptyDirectory(directory: OverlayInode): string[] {
  const entries = readMerged(directory);
  if (entries.some((entry) => !entry.isWhiteout)) throw new SyscallError('ENOTEMPTY');
  return entries.filter(({ isUpper }) => isUpper).map(({ name }) => name);
}
