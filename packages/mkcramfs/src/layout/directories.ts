import { directoryEntrySize } from 'cramfs-format';
import type { PlanNode } from '../nodes.js';

export interface DirectoryLayout {
  /** Offset of the root directory's first entry, even if it has none. */
  readonly start: number;
  readonly end: number;
  /** Every node but the root, in image order, with the offset of its directory entry. */
  readonly entries: readonly { readonly node: PlanNode; readonly offset: number }[];
  /** Offset of the first entry of every directory that has entries. */
  readonly offsets: ReadonlyMap<PlanNode, number>;
}

/** Bytes of a directory's entries: the `size` of its inode. */
export function directorySize(directory: PlanNode): number {
  return directory.children.reduce((sum, { name }) => sum + directoryEntrySize(name.length), 0);
}

/**
 * Lays the directories out from `start`: each one's entries together, subdirectories after their
 * parents in the order of `ls -UR`, as every cramfs builder has done: a path walk reads forward.
 */
export function layoutDirectories(root: PlanNode, start: number): DirectoryLayout {
  const entries: { node: PlanNode; offset: number }[] = [];
  const offsets = new Map<PlanNode, number>();
  const stack = [root];
  let offset = start;
  for (let directory = stack.pop(); directory !== undefined; directory = stack.pop()) {
    if (directory.children.length > 0) offsets.set(directory, offset);
    for (const node of directory.children) {
      entries.push({ node, offset });
      offset += directoryEntrySize(node.name.length);
    }
    stack.push(...directory.children.filter(({ children }) => children.length > 0).reverse());
  }
  return { start, end: offset, entries, offsets };
}
