import { isCramfsError, nameToText, withPath, type CramfsError } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';
import { defineCommand } from '../../shell/command.js';
import { expandPaths } from '../../shell/expand-paths.js';
import { printPieces } from '../../shell/io.js';
import { openImageArgument } from '../../shell/open-image.js';
import { choice, flag, imageOptions, jsonOption } from '../../shell/options.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { JsonList, inodeJson, jsonPieces } from '../../render/json.js';
import { LONG_COLUMNS, longLine, type ListedEntry } from '../../render/listing.js';
import { tablePieces, type Column } from '../../render/table.js';

/** Entries that are listed together: those of one directory, or the paths that are none. */
interface Group {
  /** Byte string; the directory's path. Undefined for paths that were named one by one. */
  readonly directory: string | undefined;
  /**
   * Reads the entries: anew each time, for a directory may have a million.
   *
   * @param again true if what is wrong with them has been reported.
   */
  readonly entries: (again: boolean) => Iterable<ListedPath>;
}

type ListedPath = ListedEntry & { readonly path: string };

const SORT_KEYS = ['name', 'size'] as const;
type SortKey = (typeof SORT_KEYS)[number];

export const ls = defineCommand({
  synopsis: 'IMAGE [PATH|GLOB...]',
  description:
    'Lists directories (default: the root directory) and files, in stored order, with all names.',
  options: {
    long: flag('mode, owner, group, size or device number, and targets of links', 'l'),
    recursive: flag('list directories below as well', 'R'),
    directory: flag('list directories themselves, not what is in them', 'd'),
    inode: flag("print Linux's inode numbers", 'i'),
    'human-readable': flag('with -l: sizes such as 1.2K or 16M', 'h'),
    sort: choice('sort', SORT_KEYS, 'sort each directory: by name, or the largest first'),
    all: flag('ignored: names that start with a dot are always listed', 'a'),
    ...jsonOption,
    ...imageOptions,
  },
  async run(args, io) {
    const [file, ...paths] = args.operands as [string, ...string[]];
    const image = await openImageArgument(file, args, io);
    const problems = new Problems(file, io, allWithJson(args));
    const lister = new Lister(image, problems, args);
    const named = expandPaths(image, paths, () => true, problems.add);
    const found = lister.list(paths.length === 0 ? ['/'] : named);
    const groups = args.sort === undefined ? found : sortedGroups(found, args.sort);
    await printPieces(
      io,
      args.json ? jsonPieces(new JsonList(toJson(groups))) : groupPieces(groups, args),
    );
    return problems.finish();
  },
});

class Lister {
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

  /** As ls(1): a link to a directory that is named is followed, any other link is shown. */
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
    /** A directory that was found, of which is not yet known whether it is gone into. */
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

  /** @param onError told of what ends the entries too early. */
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
    const target = inode.type === 'symlink' ? this.target(path, inode, again) : undefined;
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

/** Entries of a group in another order; those that are equal keep theirs. */
function* sortedGroups(groups: Iterable<Group>, key: SortKey): Generator<Group, void> {
  const compare = key === 'size' ? bySize : byName;
  for (const { directory, entries } of groups) {
    yield { directory, entries: (again) => [...entries(again)].sort(compare) };
  }
}

/** Names are byte strings: their order is that of the bytes, as in an image that mkcramfs makes. */
function byName(a: ListedPath, b: ListedPath): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

function bySize(a: ListedPath, b: ListedPath): number {
  return sizeOf(b) - sizeOf(a);
}

/** What `size` holds of a device is its number. */
function sizeOf({ inode }: ListedPath): number {
  return inode.rdev === undefined ? inode.size : 0;
}

function* toJson(groups: Iterable<Group>): Generator<unknown, void> {
  for (const { entries } of groups) {
    for (const { path, inode, target } of entries(false)) yield inodeJson(path, inode, target);
  }
}

function* groupPieces(
  groups: Iterable<Group>,
  {
    long,
    inode: withInode,
    'human-readable': human,
  }: { readonly long: boolean; readonly inode: boolean; readonly 'human-readable': boolean },
): Generator<string, void> {
  const columns: Column[] = long ? [...LONG_COLUMNS] : [{ title: '' }];
  if (withInode) columns.unshift({ title: '', align: 'right' });
  const row = (entry: ListedPath): string[] => [
    ...(withInode ? [String(entry.inode.ino)] : []),
    ...(long ? longLine(entry, human) : [nameToText(entry.name)]),
  ];
  const pieces = function* ({ entries }: Group): Generator<string, void> {
    let again = false;
    yield* tablePieces(columns, function* () {
      const found = entries(again);
      again = true;
      for (const entry of found) yield row(entry);
    });
  };
  const title = ({ directory }: Group): string =>
    directory === undefined ? '' : `${nameToText(directory)}:\n`;

  // A title only if there is more than one group.
  let first: Group | undefined;
  let headed = false;
  for (const group of groups) {
    if (!headed && first === undefined) {
      first = group;
      continue;
    }
    if (first !== undefined) {
      yield title(first);
      yield* pieces(first);
      first = undefined;
    }
    headed = true;
    yield `\n${title(group)}`;
    yield* pieces(group);
  }
  if (first !== undefined) yield* pieces(first);
}
