import type { PathMatcher } from 'cramfs-reader';
import { CramfsError, S_IFDIR, S_IFLNK, nameToText, typeBits } from 'cramfs-format';
import {
  ChunkReader,
  TarFormatError,
  UnexpectedEnd,
  readTarMembers,
  tarPathNames,
  type TarMember,
  type TarMemberType,
} from 'cramfs-archive';
import { ExtendedAttributes } from './extended-attributes.js';
import { joinPath, type DirectoryEntry, type Problem, type TreeEntry } from './tree.js';

export interface TarSourceOptions {
  /** Name of the archive for messages, a byte string. */
  readonly file: string;
  /** Paths in the tree to leave out, with everything below them; hard links to them keep the content. */
  readonly exclude?: PathMatcher;
  /** Called with oddities that are no reason to stop. */
  readonly onProblem?: (problem: Problem) => void;
}

/**
 * Reads a tree from a tar archive; needs no privileges for owners or devices. The archive is read as tar(1)
 * would extract it as root with --numeric-owner into an empty directory: a later member replaces an earlier
 * one of the same name, a hard link has the content and the attributes of its target, directories that are
 * only implied are 0755 and root's. A member `./` is the root.
 *
 * The files are kept in memory, each up to the 16777215 bytes that cramfs can hold.
 *
 * @param chunks the archive, uncompressed, in pieces of any size (a Node or web stream will do).
 * It is read to its end, so that a writer at the other side of a pipe can finish.
 * @throws CramfsError BAD_SOURCE with the archive's name and the offset of the member or damage.
 */
export async function readTarSource(
  chunks: AsyncIterable<Uint8Array>,
  { file, exclude, onProblem }: TarSourceOptions,
): Promise<DirectoryEntry> {
  const reader = new ChunkReader(chunks);
  const root = newDirectory();
  const attributes = new ExtendedAttributes();
  let start = 0;
  try {
    for await (const member of readTarMembers(reader)) {
      addMember(root, member);
      if (member.xattrs.length > 0 || attributes.size > 0) {
        attributes.set(`/${tarPathNames(member.path).join('/')}`, member.xattrs);
      }
      start = reader.offset;
    }
    if (exclude !== undefined) prune(root, '/', exclude);
    for (const problem of attributes.problems(root)) onProblem?.(problem);
    if (await hasTrailingData(reader)) {
      onProblem?.({
        severity: 'warning',
        kind: 'source',
        path: '/',
        message: `${nameToText(file)}: what follows the end marker of the archive is ignored`,
      });
    }
    return root;
  } catch (error) {
    if (error instanceof UnexpectedEnd) {
      throw failure(`the archive was cut short: ${error.message}`, file, reader.offset);
    }
    if (error instanceof TarFormatError) throw failure(error.message, file, start);
    throw error;
  } finally {
    await reader.close();
  }
}

function failure(message: string, file: string, offset: number): CramfsError {
  return new CramfsError('BAD_SOURCE', message, { path: file, offset });
}

/** Far more than the largest tape records, and less than a decompression bomb needs. */
const MAX_TRAILING_BYTES = 64 << 20;

/**
 * Archives are padded with zeros, which are not data.
 *
 * @throws TarFormatError if it does not end.
 */
async function hasTrailingData(reader: ChunkReader): Promise<boolean> {
  let found = false;
  for (let length = 0; length <= MAX_TRAILING_BYTES;) {
    const bytes = await reader.some(Infinity);
    if (bytes === undefined) return found;
    length += bytes.length;
    found ||= bytes.some((byte) => byte !== 0);
  }
  throw new TarFormatError(`more than ${MAX_TRAILING_BYTES} bytes follow its end marker`);
}

/** Removes what the user does not want from the archive. */
function prune(directory: DirectoryEntry, path: string, excluded: PathMatcher): void {
  for (const [name, child] of directory.children) {
    const childPath = joinPath(path, name);
    if (excluded(childPath)) directory.children.delete(name);
    else if (child.type === 'directory') prune(child, childPath, excluded);
  }
}

function addMember(root: DirectoryEntry, member: TarMember): void {
  const names = tarPathNames(member.path);
  const name = names.pop();
  if (name === undefined) {
    if (member.type !== 'directory') throw new TarFormatError(`the root is a ${member.type}`);
    setAttributes(root, member);
    return;
  }
  const parent = makeParents(root, names, member);
  const existing = parent.children.get(name);
  if (existing?.type === 'directory') {
    if (member.type === 'directory') {
      setAttributes(existing, member);
      return;
    }
    if (existing.children.size > 0) {
      throw memberError(member, `a ${member.type} would replace a directory that is not empty`);
    }
  }
  const entry = member.type === 'link' ? linkedEntry(root, member) : newEntry(member, member.type);
  parent.children.set(name, entry);
}

function makeParents(
  root: DirectoryEntry,
  names: readonly string[],
  member: TarMember,
): DirectoryEntry {
  let parent = root;
  for (const name of names) {
    let child = parent.children.get(name);
    if (child === undefined) {
      child = newDirectory();
      parent.children.set(name, child);
    }
    if (child.type !== 'directory') {
      // Do not follow a link: it could put files where their names do not say.
      throw memberError(member, `'${nameToText(name)}' on its path is a ${child.type}`);
    }
    parent = child;
  }
  return parent;
}

/** A copy, so that rules for one name do not change the other; the content is the same object. */
function linkedEntry(root: DirectoryEntry, member: TarMember): TreeEntry {
  let target: TreeEntry | undefined = root;
  for (const name of tarPathNames(member.linkTarget)) {
    target = target?.type === 'directory' ? target.children.get(name) : undefined;
  }
  const text = nameToText(member.linkTarget);
  if (target === undefined) {
    throw memberError(member, `hard link to '${text}', which does not come before it`);
  }
  if (target.type === 'directory') {
    throw memberError(member, `hard link to '${text}', which is a directory`);
  }
  if (target.type !== 'file') return { ...target };
  const { mode, uid, gid, type, size } = target;
  return Object.assign({ mode, uid, gid, type, size, read: readEmpty }, target);
}

function newEntry(member: TarMember, type: Exclude<TarMemberType, 'link'>): TreeEntry {
  const { uid, gid, size, linkTarget, rdev } = member;
  const mode = typeBits(type) | member.permissions;
  // Written out, because a spread takes four times the memory, and there may be a million entries.
  switch (type) {
    case 'file':
      return { mode, uid, gid, type, size, read: readerOf(member.content) };
    case 'directory':
      return { mode, uid, gid, type, children: new Map() };
    case 'symlink':
      // Linux gives every symbolic link this mode, whatever the archive says.
      return { mode: S_IFLNK | 0o777, uid, gid, type, target: linkTarget };
    case 'char-device':
    case 'block-device':
      return { mode, uid, gid, type, rdev };
    case 'fifo':
      return { mode, uid, gid, type };
  }
}

const EMPTY = new Uint8Array(0);
const readEmpty = (): Uint8Array => EMPTY;

/** Does not keep a view of the content, which would be larger than most files' content. */
function readerOf({ buffer, byteOffset, byteLength }: Uint8Array): () => Uint8Array {
  if (byteLength === 0) return readEmpty;
  return () => new Uint8Array(buffer, byteOffset, byteLength);
}

function newDirectory(): DirectoryEntry {
  return { type: 'directory', mode: S_IFDIR | 0o755, uid: 0, gid: 0, children: new Map() };
}

function setAttributes(directory: DirectoryEntry, { permissions, uid, gid }: TarMember): void {
  directory.mode = S_IFDIR | permissions;
  directory.uid = uid;
  directory.gid = gid;
}

function memberError({ path }: TarMember, message: string): TarFormatError {
  return new TarFormatError(`'${nameToText(path)}': ${message}`);
}
