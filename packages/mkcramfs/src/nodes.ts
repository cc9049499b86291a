import { joinPath, sortedNames, type DirectoryEntry, type TreeEntry } from './tree.js';

/** An entry of the tree with its place in it. */
export interface PlanNode {
  /** Byte strings; the root has the name '' and the path '/'. */
  readonly name: string;
  readonly path: string;
  readonly entry: TreeEntry;
  /** In the order of the image; empty for everything but directories. */
  readonly children: readonly PlanNode[];
}

const NO_CHILDREN: readonly PlanNode[] = [];

/** The tree, its directories sorted unless `keepOrder`. */
export function planNodes(root: DirectoryEntry, keepOrder = false): PlanNode {
  return planNode('', '/', root, keepOrder);
}

function planNode(name: string, path: string, entry: TreeEntry, keepOrder: boolean): PlanNode {
  if (entry.type !== 'directory') return { name, path, entry, children: NO_CHILDREN };
  const names = keepOrder ? [...entry.children.keys()] : sortedNames(entry);
  const children = names.map((child) =>
    planNode(child, joinPath(path, child), entry.children.get(child)!, keepOrder),
  );
  return { name, path, entry, children };
}

/** All nodes, parents before their children, names in order: the order of the file data. */
export function preOrder(root: PlanNode): PlanNode[] {
  const nodes = [root];
  const visit = ({ children }: PlanNode): void => {
    for (const child of children) {
      nodes.push(child);
      if (child.children.length > 0) visit(child);
    }
  };
  visit(root);
  return nodes;
}

/** True if the nodes agree in all that an inode holds besides content, including its type. */
export function sameAttributes({ entry: a }: PlanNode, { entry: b }: PlanNode): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}
