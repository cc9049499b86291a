import { formatMode, nameToText } from 'cramfs-format';
import type { Inode } from 'cramfs-reader';
import type { Column } from './table.js';

/** A name to list, its inode, and the target if it is a symlink that can be read. */
export interface ListedEntry {
  /** Byte string: a name or a path. */
  readonly name: string;
  readonly inode: Inode;
  readonly target: string | undefined;
}

/** Columns of {@link longLine}. */
export const LONG_COLUMNS: readonly Column[] = [
  { title: '' },
  { title: '', align: 'right' },
  { title: '', align: 'right' },
  { title: '', align: 'right' },
  { title: '' },
];

/** Mode, owner, group, size or device number, and name with target, as `ls -l` has them. */
export function longLine({ name, inode, target }: ListedEntry): string[] {
  const arrow =
    inode.type !== 'symlink' ? '' : ` -> ${target === undefined ? '?' : nameToText(target)}`;
  return [
    formatMode(inode.mode),
    String(inode.uid),
    String(inode.gid),
    inode.rdev === undefined ? String(inode.size) : `${inode.rdev.major}, ${inode.rdev.minor}`,
    `${nameToText(name)}${arrow}`,
  ];
}
