import type { DeviceNumber } from 'cramfs-format';
import type { StoredContent } from './stored-content.js';

/**
 * The tree a builder stores: what a source (directory, tar, device table) yields and the planner
 * takes. Names, paths and symlink targets are byte strings (cramfs-format's name.ts).
 */
interface EntryBase {
  /** File type and permission bits, as in `stat.st_mode`. */
  mode: number;
  uid: number;
  gid: number;
}

export interface DirectoryEntry extends EntryBase {
  readonly type: 'directory';
  /** Entries by name, in no particular order: the planner sorts. */
  readonly children: Map<string, TreeEntry>;
}

/** What must not change between scanning a directory and reading its files. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  /** Changes with every change of the content, mode or owner, and cannot be set back. */
  readonly ctimeNs: bigint;
}

/** A file on this machine, in terms that a thread can be told. */
export interface FilePlace {
  /** Its path on this machine, a byte string. */
  readonly host: string;
  /** Its path in the tree, for errors. */
  readonly path: string;
  readonly seen: FileIdentity;
}

export interface FileEntry extends EntryBase {
  readonly type: 'file';
  /** Bytes that {@link read} returns, or any size larger than cramfs can hold. */
  size: number;
  /**
   * The whole content. May be called more than once. The caller must not change the bytes; they
   * are valid until the next read() of any file of the same source. Hard links to one file have
   * the same function, which saves comparing them.
   *
   * @throws CramfsError BAD_SOURCE if it cannot be read or is no longer `size` bytes long.
   */
  readonly read: () => Uint8Array | Promise<Uint8Array>;
  /** Where the first `size` bytes are what {@link read} gives, so that other threads can read them. */
  readonly place?: FilePlace | undefined;
  /** How an image that is the source has stored it: see BuildOptions.reuse. */
  readonly stored?: (() => StoredContent) | undefined;
}

export interface SymlinkEntry extends EntryBase {
  readonly type: 'symlink';
  readonly target: string;
  /** Like `stored` of a file. */
  readonly stored?: (() => StoredContent) | undefined;
}

export interface DeviceEntry extends EntryBase {
  readonly type: 'char-device' | 'block-device';
  readonly rdev: DeviceNumber;
}

export interface PlainEntry extends EntryBase {
  readonly type: 'fifo' | 'socket';
}

export type TreeEntry = DirectoryEntry | FileEntry | SymlinkEntry | DeviceEntry | PlainEntry;

/** What a {@link Problem} is about: problems of one kind have the same cause and the same remedy. */
export type ProblemKind =
  /** A uid or gid, name, file, device number or directory that cramfs has no room for. */
  | 'id'
  | 'name'
  | 'file-size'
  | 'device'
  | 'directory-size'
  /** A mode, path or link target that Linux cannot have. */
  | 'mode'
  | 'path'
  | 'target'
  /** What cannot be read. */
  | 'unreadable'
  /** Extended attributes. */
  | 'xattr'
  /** The source as a whole: how an archive ends. */
  | 'source'
  /** A rule or pattern that matches nothing. */
  | 'unused'
  /** A last page that cannot run in place (kernel fact K1). */
  | 'last-page'
  /** What a kernel without an MMU cannot run in place, or only at a price. */
  | 'no-mmu'
  /** What Linux would misread in an image like another tool's. */
  | 'misread';

/**
 * Something about a source that the user should know. A build with a problem of severity `error`
 * fails after all of them have been reported.
 */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly kind: ProblemKind;
  /** Path inside the tree, with a leading slash, as a byte string. */
  readonly path: string;
  readonly message: string;
}

/** Joins a directory's path (`/` for the root) and a name. */
export function joinPath(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

/** Names of a directory's children in the order cramfs stores them: bytewise, as strcmp(3). */
export function sortedNames(directory: DirectoryEntry): string[] {
  // Byte strings have one byte per UTF-16 unit, so the default sort is bytewise.
  return [...directory.children.keys()].sort();
}
