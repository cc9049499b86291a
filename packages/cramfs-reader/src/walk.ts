import { CramfsError, isCramfsError, withPath } from 'cramfs-format';
import { directoryEntries } from './directory.js';
import { DirectoryGuard } from './directory-guard.js';
import type { ImageData } from './image-data.js';
import type { DirectoryEntry, Inode, WalkEntry, WalkOptions } from './types.js';

/** Linux's limit: a system call could not name the entries of directories with longer paths. */
export const PATH_MAX = 4096;

interface OpenDirectory {
  readonly path: string;
  readonly entries: Iterator<DirectoryEntry, undefined>;
}

/**
 * Everything below `from`, itself included, each directory before its entries and these in stored
 * order.
 *
 * @throws CramfsError with the directory's path, unless `onError` takes it: LOOP for a directory
 * that is reached twice, overlaps others or is nested too deep, or what reading it throws.
 */
export function* walkTree(
  image: ImageData,
  from: Inode,
  { onError, enter }: WalkOptions,
): Generator<WalkEntry> {
  const guard = new DirectoryGuard(image.size);
  const stack: OpenDirectory[] = [];
  const descend = (entry: WalkEntry): void => {
    const { path, inode } = entry;
    if (inode.type !== 'directory' || enter?.(entry) === false) return;
    attempt(path, onError, () => {
      if (path.length >= PATH_MAX) {
        throw new CramfsError('LOOP', 'directories are nested too deep', {
          offset: inode.entryOffset,
        });
      }
      guard.enter(inode);
      stack.push({ path: path === '/' ? '' : path, entries: directoryEntries(image, inode) });
    });
  };

  const root: WalkEntry = { path: '/', name: '', inode: from };
  yield root;
  descend(root);
  while (stack.length > 0) {
    const { path: directory, entries } = stack[stack.length - 1]!;
    const next = attempt(directory || '/', onError, () => entries.next());
    if (next === undefined || next.done) {
      stack.pop();
      continue;
    }
    const { name, inode } = next.value;
    const entry: WalkEntry = { path: `${directory}/${name}`, name, inode };
    yield entry;
    descend(entry);
  }
}

function attempt<T>(path: string, onError: WalkOptions['onError'], action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    const located = withPath(error, path);
    if (onError === undefined) throw located;
    onError(located);
    return undefined;
  }
}
