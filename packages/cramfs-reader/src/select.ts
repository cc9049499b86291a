import { CramfsError, textToName } from 'cramfs-format';
import { compileGlobs } from './compile-globs.js';
import type { CramfsImage } from './image.js';
import { DEFAULT_MAX_ENTRIES, checkEntryCount } from './max-entries.js';
import type { Inode, WalkEntry } from './types.js';

/** An entry that may become a file of another file system. */
export interface SelectedEntry extends WalkEntry {
  /** None for the root. */
  readonly parent: SelectedEntry | undefined;
  /** False for a directory that is only included because something in it was selected. */
  readonly wanted: boolean;
}

export interface SelectOptions {
  /**
   * What is asked for, as text: a path as nameToText() prints it, or else a glob (see
   * {@link compileGlobs}). A directory means all that is in it. Default: everything.
   */
  paths?: readonly string[] | undefined;
  /** Most entries that the image may have, whatever is selected; default 500,000. */
  maxEntries?: number | undefined;
  /** Called with the path of anything that cannot be selected: the rest still is. */
  onError: (error: CramfsError) => void;
}

/**
 * The entries of an image to be extracted, each directory before its entries. No
 * path of a result has a component that is empty, `.` or `..`, or holds a slash or a NUL, and no two
 * are the same: entries that would break this are left out, with what is below them, and reported.
 *
 * @throws CramfsError BAD_REQUEST for a malformed glob, TOO_BIG for more entries than `maxEntries`.
 */
export function selectEntries(
  image: CramfsImage,
  { paths, onError, maxEntries }: SelectOptions,
): SelectedEntry[] {
  const errors: CramfsError[] = [];
  const selection = new Selection(image, { paths, maxEntries });
  const entries = [...selection.entries((error) => errors.push(error))];
  for (const error of errors) onError(error);
  return entries;
}

/** The entries that {@link selectEntries} gives, one at a time, as often as needed. */
export class Selection {
  private readonly image: CramfsImage;
  private readonly maxEntries: number;
  /** Undefined: everything is wanted. */
  private readonly marks: Marks | undefined;

  /** @throws CramfsError as selectEntries() does. */
  constructor(image: CramfsImage, { paths, maxEntries }: Omit<SelectOptions, 'onError'>) {
    this.image = image;
    this.maxEntries = maxEntries ?? DEFAULT_MAX_ENTRIES;
    if (paths !== undefined) {
      this.marks = findMarks(paths, () => usableEntries(image, this.maxEntries, ignore));
    }
  }

  /**
   * The entries, in order; only the names of open directories are in memory.
   *
   * @throws CramfsError TOO_BIG for more entries than allowed, after yielding that many.
   */
  *entries(onError: SelectOptions['onError']): Generator<SelectedEntry> {
    const { marks } = this;
    const isSelected = (entry: SelectedEntry): boolean =>
      entry.wanted || marks?.parents.has(entry.inode.entryOffset) === true;
    const report = (error: CramfsError, directory: SelectedEntry | undefined): void => {
      // Errors elsewhere do not concern a caller who asked for a part.
      if (directory === undefined || isSelected(directory)) onError(error);
    };
    for (const entry of usableEntries(this.image, this.maxEntries, report, marks?.matches)) {
      if (isSelected(entry)) yield entry;
    }
    for (const pattern of marks?.unmatched ?? []) {
      onError(new CramfsError('NOT_FOUND', `nothing in the image matches '${pattern}'`));
    }
  }
}

type ErrorTaker = (error: CramfsError, directory: SelectedEntry | undefined) => void;

const ignore: ErrorTaker = () => undefined;

/** A directory with entries still to come. */
interface OpenDirectory {
  readonly entry: SelectedEntry;
  readonly names: Set<string>;
}

/**
 * All entries with a name that can be used.
 *
 * @param onError gets the directory that the error is in, if it can be used.
 * @param matches tells what is selected in addition to everything in a selected directory; default: all.
 */
function* usableEntries(
  image: CramfsImage,
  maxEntries: number,
  onError: ErrorTaker,
  matches: (path: string) => boolean = () => true,
): Generator<SelectedEntry> {
  const open: OpenDirectory[] = [];
  let refused: Inode | undefined;
  let last: SelectedEntry | undefined;
  let count = 0;
  const walk = image.walk(image.root, {
    enter: ({ inode }) => inode !== refused,
    onError: (error) => {
      const inside = open.findLast(({ entry }) => entry.path === error.path);
      onError(error, inside?.entry ?? (last?.path === error.path ? last : undefined));
    },
  });
  for (const { path, name, inode } of walk) {
    checkEntryCount((count += 1), maxEntries);
    const isRoot = inode === image.root;
    const directory = isRoot ? undefined : enclosing(open, last, path.slice(0, -1 - name.length));
    const problem = directory && nameProblem(name, directory.names.has(name));
    if (problem !== undefined) {
      refused = inode;
      const { entryOffset: offset } = inode;
      const error = new CramfsError('BAD_ENTRY', `left out: ${problem}`, { path, offset });
      onError(error, directory?.entry);
      continue;
    }
    const parent = directory?.entry;
    directory?.names.add(name);
    last = { path, name, inode, parent, wanted: parent?.wanted === true || matches(path) };
    yield last;
  }
}

/** Closes the directories that the walk has left, and opens the one that it has reached. */
function enclosing(
  open: OpenDirectory[],
  last: SelectedEntry | undefined,
  directoryPath: string,
): OpenDirectory {
  const path = directoryPath === '' ? '/' : directoryPath;
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.entry.path === path) return top;
    if (last?.path === path) break;
    open.pop();
  }
  const opened = { entry: last!, names: new Set<string>() };
  open.push(opened);
  return opened;
}

/** What the patterns ask for. */
interface Marks {
  readonly matches: (path: string) => boolean;
  /** Directories, by entryOffset, that are only included for their entries; the set may have others, too. */
  readonly parents: ReadonlySet<number>;
  /** The patterns that match nothing. */
  readonly unmatched: readonly string[];
}

/** @param walk all entries of the image. */
function findMarks(patterns: readonly string[], walk: () => Iterable<SelectedEntry>): Marks {
  const literals = new Map(patterns.map((pattern) => [toPath(textToName(pattern)), false]));
  for (const { path } of walk()) if (literals.has(path)) literals.set(path, true);
  const globs = patterns
    .filter((pattern) => literals.get(toPath(textToName(pattern))) === false)
    .map((pattern) => ({ pattern, matches: compileGlobs([pattern]), used: false }));
  const matches = (path: string): boolean =>
    literals.get(path) === true || globs.some((glob) => glob.matches(path));

  const parents = new Set<number>();
  for (const entry of walk()) {
    for (const glob of globs) glob.used ||= glob.matches(entry.path);
    if (!matches(entry.path)) continue;
    for (let at = entry.parent; at !== undefined; at = at.parent) {
      if (parents.has(at.inode.entryOffset)) break;
      parents.add(at.inode.entryOffset);
    }
  }
  return { matches, parents, unmatched: globs.filter(({ used }) => !used).map((g) => g.pattern) };
}

function nameProblem(name: string, taken: boolean): string | undefined {
  if (name === '') return 'an entry without a name';
  if (name === '.' || name === '..') return `the name '${name}' is a reserved one`;
  if (name.includes('/')) return 'the name holds a slash';
  if (name.includes('\0')) return 'the name holds a NUL';
  return taken ? 'the directory has this name twice' : undefined;
}

/** `usr/bin/`, `./usr/bin` and `/usr/bin` all mean `/usr/bin`. */
function toPath(name: string): string {
  const components = name.split('/').filter((part) => part !== '' && part !== '.');
  return `/${components.join('/')}`;
}
