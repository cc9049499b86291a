import { equalBytes, isCramfsError, withPath } from 'cramfs-format';
import type { CramfsImage, Difference, DifferenceAspect, Inode } from 'cramfs-reader';
import type { DirectoryEntry } from 'mkcramfs';
import type { Problems } from '../../shell/problems.js';
import { treeInodes, type TreeInode } from './tree-side.js';

const PERMISSIONS = 0o7777;

/**
 * Compares an image with a tree, like diffImages() two images: returns the differences from the image to the
 * tree, sorted by path. Errors of reading the image go to `problems`; the rest is compared.
 */
export async function diffTree(
  image: CramfsImage,
  tree: DirectoryEntry,
  problems: Problems,
): Promise<Difference[]> {
  const others = treeInodes(tree);
  const differences: Difference[] = [];
  const seen = new Set<string>();
  for (const { path, inode } of image.walk(image.root, { onError: problems.add })) {
    // Of two entries with the same name, Linux finds the first.
    if (seen.has(path)) continue;
    seen.add(path);
    const other = others.get(path);
    others.delete(path);
    if (other === undefined) {
      differences.push({ path, kind: 'removed', what: [], before: inode, after: undefined });
      continue;
    }
    const what = await compare(image, path, inode, other, problems);
    if (what.length > 0) {
      differences.push({ path, kind: 'changed', what, before: inode, after: other });
    }
  }
  for (const [path, after] of others) {
    differences.push({ path, kind: 'added', what: [], before: undefined, after });
  }
  return differences.sort((x, y) => (x.path < y.path ? -1 : 1));
}

async function compare(
  image: CramfsImage,
  path: string,
  inode: Inode,
  other: TreeInode,
  problems: Problems,
): Promise<DifferenceAspect[]> {
  const what: DifferenceAspect[] = [];
  if (inode.type !== other.type) what.push('type');
  if ((inode.mode & PERMISSIONS) !== (other.mode & PERMISSIONS)) what.push('mode');
  if (inode.uid !== other.uid || inode.gid !== other.gid) what.push('owner');
  if (inode.type !== other.type) return what;
  try {
    what.push(...(await compareContent(image, inode, other)));
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    problems.add(withPath(error, path));
  }
  return what;
}

async function compareContent(
  image: CramfsImage,
  inode: Inode,
  { entry, rdev, size }: TreeInode,
): Promise<DifferenceAspect[]> {
  switch (entry.type) {
    case 'file': {
      if (inode.size !== size) return ['size', 'content'];
      return equalBytes(image.readFile(inode), await entry.read()) ? [] : ['content'];
    }
    case 'symlink':
      return image.readlink(inode) === entry.target ? [] : ['target'];
    case 'char-device':
    case 'block-device':
      return inode.rdev?.major === rdev?.major && inode.rdev?.minor === rdev?.minor ? [] : ['rdev'];
    case 'directory':
    case 'fifo':
    case 'socket':
      return [];
  }
}

/** The same differences, seen from the other side. */
export function reversed(differences: readonly Difference[]): Difference[] {
  const opposite = { added: 'removed', removed: 'added', changed: 'changed' } as const;
  return differences.map(({ kind, before, after, ...rest }) => ({
    ...rest,
    kind: opposite[kind],
    before: after,
    after: before,
  }));
}
