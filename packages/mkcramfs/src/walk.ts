import { joinPath, sortedNames, type DirectoryEntry, type TreeEntry } from './tree.js';

/** An entry with its place in the tree. */
export interface TreeStep {
  /** Byte string; `/` for the root. */
  readonly path: string;
  readonly entry: TreeEntry;
}

/**
 * All entries, parents before their children and names in order, so that what is reported on the
 * way does not depend on the source's order. Children may be changed while their parent is current.
 */
export function* walkTree(root: DirectoryEntry): Generator<TreeStep> {
  // An explicit stack, because a tar can nest directories deeper than the call stack.
  const pending: TreeStep[] = [{ path: '/', entry: root }];
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    yield step;
    const { path, entry } = step;
    if (entry.type !== 'directory') continue;
    for (const name of sortedNames(entry).reverse()) {
      pending.push({ path: joinPath(path, name), entry: entry.children.get(name)! });
    }
  }
}
