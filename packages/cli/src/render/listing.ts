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
  { title: '', fit: 'wrap' },
];

/**
 * Mode, owner, group, size or device number, and name with target, as `ls -l` has them.
 *
 * @param human sizes as `ls -lh` has them.
 */
export function longLine({ name, inode, target }: ListedEntry, human: boolean): string[] {
  const arrow =
    inode.type !== 'symlink' ? '' : ` -> ${target === undefined ? '?' : nameToText(target)}`;
  return [
    formatMode(inode.mode),
    String(inode.uid),
    String(inode.gid),
    inode.rdev === undefined
      ? sizeText(inode.size, human)
      : `${inode.rdev.major}, ${inode.rdev.minor}`,
    `${nameToText(name)}${arrow}`,
  ];
}

const UNITS = ['', 'K', 'M'] as const;

/** Rounded up, with one decimal below ten: `980`, `1.2K`, `16M`. */
function sizeText(size: number, human: boolean): string {
  if (!human || size < 1024) return String(size);
  let scaled = size;
  let unit = 0;
  while (scaled >= 1024 && unit < UNITS.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  const tenths = Math.ceil(scaled * 10) / 10;
  return `${tenths < 10 ? tenths.toFixed(1) : String(Math.ceil(scaled))}${UNITS[unit]!}`;
}
