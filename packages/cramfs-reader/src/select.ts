import { CramfsError, textToName } from 'cramfs-format';
import { compileGlobs, type PathMatcher } from './compile-globs.js';
import type { CramfsImage } from './image.js';
import { DEFAULT_MAX_ENTRIES, checkEntryCount } from './max-entries.js';
import type { Inode, WalkEntry } from './types.js';

/** An entry that may be made a file of another file system. */
export interface SelectedEntry extends WalkEntry {
  /** None for the root. */
  readonly parent: SelectedEntry | undefined;
  /** False for a directory that is only there because something in it was asked for. */
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
  /** Called for what cannot be had, with the path: the rest is still selected. */
  onError: (error: CramfsError) => void;
}

type Candidate = {
  -readonly [Key in keyof SelectedEntry]: SelectedEntry[Key];
};

/**
 * The entries of an image that are to be taken out of it, each directory before its entries. No
 * path of a result has a component that is empty, `.` or `..`, or holds a slash or a NUL, and no two
 * are the same: entries that would break this are left out, with what is below them, and reported.
 *
 * @throws CramfsError BAD_REQUEST for a malformed glob, TOO_BIG for more entries than `maxEntries`.
 */
export function selectEntries(
  image: CramfsImage,
  { paths, onError, maxEntries = DEFAULT_MAX_ENTRIES }: SelectOptions,
): SelectedEntry[] {
  const errors: { directory: SelectedEntry | undefined; error: CramfsError }[] = [];
  const candidates = collect(image, maxEntries, (error, directory) =>
    errors.push({ directory, error }),
  );
  const unmatched = paths === undefined ? [] : mark(candidates, paths);

  const selected = new Set<SelectedEntry>();
  for (const entry of candidates.values()) {
    if (!entry.wanted) continue;
    for (let at: SelectedEntry | undefined = entry; at && !selected.has(at); at = at.parent) {
      selected.add(at);
    }
  }
  for (const { directory, error } of errors) {
    // What is wrong elsewhere is not the concern of who asks for a part.
    if (directory === undefined || selected.has(directory)) onError(error);
  }
  for (const pattern of unmatched) {
    onError(new CramfsError('NOT_FOUND', `nothing in the image matches '${pattern}'`));
  }
  return [...candidates.values()].filter((entry) => selected.has(entry));
}

/** All entries with a name that can be used, by path. */
function collect(
  image: CramfsImage,
  maxEntries: number,
  onError: (error: CramfsError, directory: SelectedEntry | undefined) => void,
): Map<string, Candidate> {
  const candidates = new Map<string, Candidate>();
  const refused = new Set<Inode>();
  const walk = image.walk(image.root, {
    enter: ({ inode }) => !refused.has(inode),
    onError: (error) => {
      onError(error, candidates.get(error.path ?? '/'));
    },
  });
  for (const { path, name, inode } of walk) {
    checkEntryCount(candidates.size + refused.size + 1, maxEntries);
    const isRoot = inode === image.root;
    const parent = isRoot ? undefined : candidates.get(path.slice(0, -1 - name.length) || '/');
    const problem = isRoot ? undefined : nameProblem(name, candidates.has(path));
    if (problem === undefined) {
      candidates.set(path, { path, name, inode, parent, wanted: true });
    } else {
      refused.add(inode);
      const { entryOffset: offset } = inode;
      onError(new CramfsError('BAD_ENTRY', `left out: ${problem}`, { path, offset }), parent);
    }
  }
  return candidates;
}

function nameProblem(name: string, taken: boolean): string | undefined {
  if (name === '') return 'an entry without a name';
  if (name === '.' || name === '..') return `the name '${name}' is a reserved one`;
  if (name.includes('/')) return 'the name holds a slash';
  if (name.includes('\0')) return 'the name holds a NUL';
  return taken ? 'the directory has this name twice' : undefined;
}

/**
 * Sets `wanted` of all candidates.
 *
 * @returns the patterns that match nothing.
 */
function mark(candidates: ReadonlyMap<string, Candidate>, patterns: readonly string[]): string[] {
  const literals = new Set<string>();
  const globs: { pattern: string; matches: PathMatcher; used: boolean }[] = [];
  for (const pattern of patterns) {
    const path = toPath(textToName(pattern));
    if (candidates.has(path)) literals.add(path);
    else globs.push({ pattern, matches: compileGlobs([pattern]), used: false });
  }
  for (const entry of candidates.values()) {
    let wanted = entry.parent?.wanted === true || literals.has(entry.path);
    for (const glob of globs) {
      if (!glob.matches(entry.path)) continue;
      glob.used = true;
      wanted = true;
    }
    entry.wanted = wanted;
  }
  return globs.filter(({ used }) => !used).map(({ pattern }) => pattern);
}

/** `usr/bin/`, `./usr/bin` and `/usr/bin` all mean `/usr/bin`. */
function toPath(name: string): string {
  const components = name.split('/').filter((part) => part !== '' && part !== '.');
  return `/${components.join('/')}`;
}
