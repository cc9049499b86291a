import { CramfsError, S_IFMT } from 'cramfs-format';
import { joinPath, type DirectoryEntry, type TreeEntry } from './tree.js';

/** A change of one entry of a tree. Paths are byte strings with a leading slash. */
export type TreeChange =
  /** Adds an entry that does not exist; its directory must. */
  | { readonly kind: 'add'; readonly path: string; readonly entry: TreeEntry }
  /** Gives a regular file new content; its mode and owner stay. */
  | { readonly kind: 'replace'; readonly path: string; readonly content: FileContent }
  /** Removes an entry, a directory with everything below it. */
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'chmod'; readonly path: string; readonly permissions: number }
  | { readonly kind: 'chown'; readonly path: string; readonly uid: number; readonly gid: number };

/** The content of a file, as in `FileEntry`. */
export interface FileContent {
  readonly size: number;
  readonly read: () => Uint8Array | Promise<Uint8Array>;
}

/**
 * Makes changes in their order.
 *
 * @throws CramfsError NOT_FOUND or WRONG_TYPE with the path; BAD_REQUEST if the entry exists already, or for
 * the root.
 */
export function changeTree(root: DirectoryEntry, changes: readonly TreeChange[]): void {
  for (const change of changes) changeEntry(root, change);
}

function changeEntry(root: DirectoryEntry, change: TreeChange): void {
  const { path } = change;
  if (change.kind === 'chmod' || change.kind === 'chown') {
    const entry = path === '/' ? root : find(root, path).entry;
    if (change.kind === 'chmod') entry.mode = (entry.mode & S_IFMT) | change.permissions;
    else Object.assign(entry, { uid: change.uid, gid: change.gid });
    return;
  }
  if (path === '/') throw new CramfsError('BAD_REQUEST', 'the root directory stays', { path });
  if (change.kind === 'add') {
    const { directory, name } = locate(root, path);
    if (directory.children.has(name)) {
      throw new CramfsError('BAD_REQUEST', 'it already exists: use --replace', { path });
    }
    directory.children.set(name, change.entry);
    return;
  }
  const { directory, name, entry } = find(root, path);
  if (change.kind === 'remove') {
    directory.children.delete(name);
    return;
  }
  if (entry.type !== 'file') {
    throw new CramfsError('WRONG_TYPE', `a ${entry.type} has no content to replace`, { path });
  }
  const { mode, uid, gid, type } = entry;
  directory.children.set(name, { type, mode, uid, gid, ...change.content });
}

/** The directory that a path is in, and the last component. */
function locate(root: DirectoryEntry, path: string): { directory: DirectoryEntry; name: string } {
  const names = path.split('/').filter((name) => name !== '');
  const name = names.pop();
  if (name === undefined || [...names, name].some((part) => part === '.' || part === '..')) {
    throw new CramfsError('BAD_REQUEST', 'not a path of an entry', { path });
  }
  let directory = root;
  let here = '/';
  for (const part of names) {
    here = joinPath(here, part);
    const next = directory.children.get(part);
    if (next === undefined) throw notFound(here);
    if (next.type !== 'directory') {
      throw new CramfsError('WRONG_TYPE', 'not a directory', { path: here });
    }
    directory = next;
  }
  return { directory, name };
}

function find(root: DirectoryEntry, path: string) {
  const { directory, name } = locate(root, path);
  const entry = directory.children.get(name);
  if (entry === undefined) throw notFound(path);
  return { directory, name, entry };
}

function notFound(path: string): CramfsError {
  return new CramfsError('NOT_FOUND', 'no such file or directory', { path });
}
