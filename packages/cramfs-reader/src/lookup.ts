import { CramfsError, isCramfsError } from 'cramfs-format';
import { directoryEntries } from './directory.js';
import { DirectoryGuard } from './directory-guard.js';
import type { ImageData } from './image-data.js';
import type { Inode, LookupOptions } from './types.js';

/** Linux's limit: include/linux/namei.h:MAXSYMLINKS. */
const MAX_SYMLINKS = 40;

/** An image that can also read a symlink's target. */
interface ImageWithSymlinks extends ImageData {
  readlink(inode: Inode): string;
}

/** A directory's readable entries by name. */
interface DirectoryIndex {
  readonly entries: ReadonlyMap<string, Inode>;
  /** Why there may be more. */
  readonly error: CramfsError | undefined;
}

const EMPTY: DirectoryIndex = { entries: new Map(), error: undefined };

/** Resolves paths; keeps an index of every directory it has visited. */
export class PathResolver {
  private readonly image: ImageWithSymlinks;
  private readonly indexes = new Map<number, DirectoryIndex>();
  private readonly guard: DirectoryGuard;

  constructor(image: ImageWithSymlinks) {
    this.image = image;
    this.guard = new DirectoryGuard(image.size);
  }

  /**
   * The inode at `path`, a byte string taken from the root whether it starts with `/` or not.
   *
   * @throws CramfsError NOT_FOUND, WRONG_TYPE (a component is not a directory), LOOP (more than 40
   * symlinks), or what reading a directory throws; its `path` is the one asked for.
   */
  resolve(path: string, { followSymlinks = true }: LookupOptions): Inode {
    try {
      return this.follow(path, followSymlinks);
    } catch (error) {
      if (!isCramfsError(error)) throw error;
      throw new CramfsError(error.code, error.message, {
        path,
        offset: error.offset,
        cause: error.cause,
      });
    }
  }

  private follow(path: string, followLast: boolean): Inode {
    /** The directories from the root to the current one. */
    const trail: [Inode, ...Inode[]] = [this.image.root];
    /** What is left to resolve, last component first. */
    const pending = components(path);
    let here: Inode = this.image.root;
    let symlinks = 0;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (here.type !== 'directory') {
        throw new CramfsError('WRONG_TYPE', 'not a directory', { offset: here.entryOffset });
      }
      if (name === '.') continue;
      if (name === '..') {
        if (trail.length > 1) trail.pop();
        here = trail.at(-1)!;
        continue;
      }
      const entry = this.find(here, name);
      if (entry.type === 'symlink' && (followLast || pending.length > 0)) {
        symlinks += 1;
        if (symlinks > MAX_SYMLINKS) {
          throw new CramfsError('LOOP', 'too many symbolic links', { offset: entry.entryOffset });
        }
        const target = this.image.readlink(entry);
        if (target.startsWith('/')) {
          trail.length = 1;
          here = this.image.root;
        }
        pending.push(...components(target));
        continue;
      }
      if (entry.type === 'directory') trail.push(entry);
      here = entry;
    }
    return here;
  }

  private find(dir: Inode, name: string): Inode {
    const { entries, error } = this.index(dir);
    const found = entries.get(name);
    if (found !== undefined) return found;
    if (error !== undefined) throw error;
    throw new CramfsError('NOT_FOUND', 'no such file or directory', { offset: dir.entryOffset });
  }

  private index(dir: Inode): DirectoryIndex {
    // Its offset may be the same as that of a directory with entries.
    if (dir.size === 0) return EMPTY;
    const known = this.indexes.get(dir.dataOffset);
    if (known !== undefined) return known;
    this.guard.enter(dir);
    const entries = new Map<string, Inode>();
    let error: CramfsError | undefined;
    try {
      for (const { name, inode } of directoryEntries(this.image, dir)) {
        // Of two entries with the same name, Linux finds the first.
        if (!entries.has(name)) entries.set(name, inode);
      }
    } catch (thrown) {
      if (!isCramfsError(thrown)) throw thrown;
      error = thrown;
    }
    const index = { entries, error };
    this.indexes.set(dir.dataOffset, index);
    return index;
  }
}

/** Components of a path, last first; a trailing slash asks for a directory and stays as `.`. */
function components(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  if (names.length > 0 && path.endsWith('/')) names.push('.');
  return names.reverse();
}
