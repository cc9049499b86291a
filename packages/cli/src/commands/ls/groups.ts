import { isCramfsError, withPath, type CramfsError } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';
import type { Problems } from '../../shell/problems.js';
import type { ListedEntry } from '../../render/listing.js';

/** Entries that are listed together: those of one directory, or paths that are not directories. */
export interface Group {
  /** Byte string; the directory's path. Undefined for paths that were named one by one. */
  readonly directory: string | undefined;
  /**
   * Reads the entries anew each time: a directory may have a million.
   *
   * @param again true if their errors have been reported.
   */
  readonly entries: (again: boolean) => Iterable<ListedPath>;
}

export type ListedPath = ListedEntry & { readonly path: string };

/** Finds what `cramfs ls` lists. */
export class Lister {
  private readonly problems: Problems;
  private readonly image: CramfsImage;
  private readonly options: { readonly recursive: boolean; readonly directory: boolean };

  constructor(
    image: CramfsImage,
    problems: Problems,
    options: { readonly recursive: boolean; readonly directory: boolean },
  ) {
    this.image = image;
    this.problems = problems;
    this.options = options;
  }

  /** Groups in the order in which they are printed: single paths first. */
  *list(paths: readonly string[]): Generator<Group, void> {
    const named: ListedPath[] = [];
    const directories: { readonly base: string; readonly inode: Inode }[] = [];
    for (const path of paths) {
      const inode = this.problems.try(() => this.resolve(path));
      if (inode === undefined) continue;
      if (inode.type !== 'directory' || this.options.directory) {
        named.push(this.entry(path, path, inode, false));
      } else {
        directories.push({ base: path.replace(/\/+$/, ''), inode });
      }
    }
    if (named.length > 0) yield { directory: undefined, entries: () => named };
    for (const { base, inode } of directories) {
      if (this.options.recursive) yield* this.below(base, inode);
      else yield this.group(base, inode, this.problems.add);
    }
  }

  /** Resolves like ls(1): follows a named link to a directory, and shows any other link. */
  private resolve(path: string): Inode {
    const link = this.image.lookup(path, { followSymlinks: false });
    if (link.type !== 'symlink') return link;
    try {
      const inode = this.image.lookup(path);
      return inode.type === 'directory' ? inode : link;
    } catch (error) {
      if (!isCramfsError(error)) throw error;
      return link;
    }
  }

  /** A group for each directory, the first being `top`. */
  private *below(base: string, top: Inode): Generator<Group, void> {
    /** A directory that was found; it is not yet known whether it can be entered. */
    let found: { readonly base: string; readonly inode: Inode } | undefined;
    let refused = false;
    const onError = (error: CramfsError): void => {
      const path = below(base, error.path ?? '/');
      if (path === found?.base) refused = true;
      this.problems.add(withPath(error, path === '' ? '/' : path));
    };
    const finish = (): Group[] => {
      if (found === undefined) return [];
      const { base: directory, inode } = found;
      const isRefused = refused;
      found = undefined;
      refused = false;
      return [isRefused ? emptyGroup(directory) : this.group(directory, inode, () => undefined)];
    };
    for (const { path, inode } of this.image.walk(top, { onError })) {
      yield* finish();
      if (inode.type === 'directory') found = { base: below(base, path), inode };
    }
    yield* finish();
  }

  /** @param onError called with the error that ends the entries early. */
  private group(base: string, inode: Inode, onError: (error: unknown) => void): Group {
    const directory = base === '' ? '/' : base;
    return {
      directory,
      entries: (again) =>
        this.read(base, inode, again, (error) => {
          if (!again) onError(withPath(error, directory));
        }),
    };
  }

  private *read(
    base: string,
    directory: Inode,
    again: boolean,
    onError: (error: CramfsError) => void,
  ): Generator<ListedPath, void> {
    try {
      for (const { name, inode } of this.image.entries(directory)) {
        yield this.entry(name, `${base}/${name}`, inode, again);
      }
    } catch (error) {
      if (!isCramfsError(error)) throw error;
      onError(error);
    }
  }

  private entry(name: string, path: string, inode: Inode, again: boolean): ListedPath {
    const isLink = inode.type === 'symlink' && this.image.unreadable === undefined;
    const target = isLink ? this.target(path, inode, again) : undefined;
    return { name, path, inode, target };
  }

  private target(path: string, inode: Inode, again: boolean): string | undefined {
    try {
      return this.image.readlink(inode);
    } catch (error) {
      if (!isCramfsError(error)) throw error;
      if (!again) this.problems.add(withPath(error, path));
      return undefined;
    }
  }
}

/** @param path as a walk that starts at `base` has it. */
function below(base: string, path: string): string {
  return path === '/' ? base : base + path;
}

function emptyGroup(base: string): Group {
  return { directory: base === '' ? '/' : base, entries: () => [] };
}
