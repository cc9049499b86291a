import { isCramfsError, nameToText, plural } from 'cramfs-format';
import type { CramfsImage, DirectoryEntry, Inode } from 'cramfs-reader';
import type { TreeEntry } from './entries.js';

/** A directory whose entries are being drawn. */
interface DrawnDirectory {
  /** What precedes the branches of its entries. */
  readonly indent: string;
  /** Reads one entry ahead, because the last entry is drawn differently. */
  readonly ahead: Iterator<DirectoryEntry, void>;
}

/** The tree as tree(1) draws it, and the counts. */
export function* treeText(
  image: CramfsImage,
  entries: Iterable<TreeEntry>,
  title: string,
): Generator<string, void> {
  const counts = { directories: 0, others: 0 };
  const above: DrawnDirectory[] = [];
  for (const { name, inode, target, depth } of entries) {
    above.length = depth;
    const parent = above.at(-1);
    let indent = '';
    if (parent === undefined) {
      yield `${title}\n`;
    } else {
      const last = parent.ahead.next().done === true;
      const arrow = target === undefined ? '' : ` -> ${nameToText(target)}`;
      yield `${parent.indent}${last ? '└── ' : '├── '}${nameToText(name)}${arrow}\n`;
      indent = `${parent.indent}${last ? '    ' : '│   '}`;
      counts[inode.type === 'directory' ? 'directories' : 'others'] += 1;
    }
    if (inode.type !== 'directory') continue;
    const ahead = readableEntries(image, inode);
    ahead.next();
    above.push({ indent, ahead });
  }
  const { directories, others } = counts;
  yield `\n${plural(directories, 'directory', 'directories')}, ${plural(others, 'file')}\n`;
}

/** The entries that the walk finds in a directory; it has reported any error that ended them. */
function* readableEntries(image: CramfsImage, inode: Inode): Generator<DirectoryEntry, void> {
  try {
    yield* image.entries(inode);
  } catch (error) {
    if (!isCramfsError(error)) throw error;
  }
}
