import { isCramfsError, type CramfsError } from 'cramfs-format';
import type { CramfsImage, Inode, WalkEntry } from 'cramfs-reader';
import type { Mutant } from './mutant.js';
import type { Tally } from './tally.js';

/** The toolkit contradicts itself about a mutant, or does what it must never do. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** A mutant, and what the stages so far have learned about it. */
export interface Subject {
  readonly mutant: Mutant;
  readonly bytes: Uint8Array;
  readonly tally: Tally;
  /** Where the opened image stands in the bytes. */
  offset: number;
  /** Undefined if the mutant cannot be opened. */
  image: CramfsImage | undefined;
  /** All entries that a walk which goes on after errors gives. */
  entries: readonly WalkEntry[];
  /** True if a walk that stops at errors comes to the end. */
  walksCleanly: boolean;
  /** The first error of a file or symlink, if any has one. */
  readError: CramfsError | undefined;
  /** Content of files and symlinks that can be read, as far as it was kept. */
  readonly contents: Map<Inode, Uint8Array>;
}

/** The result of `action`, or the CramfsError it throws; anything else is thrown on. */
export function attempt<T>(tally: Tally, action: () => T): T | CramfsError {
  try {
    return action();
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    tally.count(error.code);
    return error;
  }
}

/** @throws Violation unless `condition` holds. */
export function ensure(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Violation(message());
}

/**
 * The entries that can be reached by their paths: not those whose name is a path or no name at all,
 * or was taken by an entry before, nor what is below such a one. The root is left out.
 */
export function reachableEntries(entries: readonly WalkEntry[]): WalkEntry[] {
  const taken = new Set<string>();
  const unreachable = new Set<string>();
  return entries.slice(1).filter(({ path, name }) => {
    const parent = path.slice(0, -1 - name.length);
    const reachable = isFileName(name) && !taken.has(path) && !unreachable.has(parent);
    taken.add(path);
    // A path that exists twice is given up with everything below it, because it is ambiguous.
    if (!reachable) unreachable.add(path);
    return reachable;
  });
}

/** True if a file system could have a file of this name. */
export function isFileName(name: string): boolean {
  return !/^\.{0,2}$|[/\0]/.test(name) && name.length < 256;
}
