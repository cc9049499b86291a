import type { Inode } from '../types.js';

/** A directory entry that a check visits; the root has no parent. */
export interface CheckedEntry {
  readonly parent: CheckedEntry | undefined;
  readonly name: string;
  readonly inode: Inode;
}

/** Path of `entry`, made on demand: those of a deep hostile tree would fill the memory. */
export function pathOf(entry: CheckedEntry): string {
  const names: string[] = [];
  for (let at = entry; at.parent !== undefined; at = at.parent) names.push(at.name);
  return `/${names.reverse().join('/')}`;
}
