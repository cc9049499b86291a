import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { openTarStream } from 'cramfs-archive/node';
import { CramfsError } from 'cramfs-format';
import type { Inode } from 'cramfs-reader';
import {
  readTarSource,
  walkTree,
  type DirectoryEntry,
  type Problem,
  type TreeEntry,
} from 'mkcramfs';
import { readDirectorySource } from 'mkcramfs/node';
import type { Problems } from '../../shell/problems.js';
import { about } from '../../shell/report-error.js';
import type { Side } from './side.js';

/** Where a tar has `ustar` in its first member's header. */
const USTAR_AT = 257;
const USTAR = 'ustar';
const TAR_NAME = /\.(tar|tgz|tar\.(gz|zst))$/;

/** An entry of a tree, in the shape that entries of images have. */
export interface TreeInode extends Inode {
  readonly entry: TreeEntry;
}

/** True for a directory, and for a tar by its first header, or by its name if it is compressed. */
export function isTree(file: string): boolean {
  if (file === '-') return false;
  const status = statSync(file);
  if (status.isDirectory()) return true;
  if (!status.isFile()) return false;
  if (TAR_NAME.test(file)) return true;
  const magic = Buffer.alloc(USTAR.length);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, magic, 0, magic.length, USTAR_AT);
  } finally {
    closeSync(fd);
  }
  return magic.toString('latin1') === USTAR;
}

/**
 * Reads a directory or tar to compare it with an image.
 *
 * @throws FileError
 */
export async function openTree(file: string, problems: Problems): Promise<Side> {
  const onProblem = ({ severity, path, message }: Problem): void => {
    if (severity === 'error') problems.add(new CramfsError('BAD_SOURCE', message, { path }));
  };
  const content = await about(file, () => readTree(file, onProblem));
  return { content, problems, readlink: targetOf };
}

function readTree(
  file: string,
  onProblem: (problem: Problem) => void,
): DirectoryEntry | Promise<DirectoryEntry> {
  if (statSync(file).isDirectory()) return readDirectorySource(file, { onProblem });
  const { chunks, file: name } = openTarStream(file);
  return readTarSource(chunks, { file: name, onProblem });
}

function targetOf(inode: Inode): string {
  const { entry } = inode as TreeInode;
  return entry.type === 'symlink' ? entry.target : '';
}

/** All entries of a tree, by their paths. */
export function treeInodes(root: DirectoryEntry): Map<string, TreeInode> {
  return new Map([...walkTree(root)].map(({ path, entry }) => [path, treeInode(entry)]));
}

function treeInode(entry: TreeEntry): TreeInode {
  const { type, mode, uid, gid } = entry;
  return {
    entry,
    type,
    mode,
    uid,
    gid,
    ino: 0,
    entryOffset: 0,
    dataOffset: 0,
    size: entry.type === 'file' ? entry.size : entry.type === 'symlink' ? entry.target.length : 0,
    rdev: 'rdev' in entry ? entry.rdev : undefined,
  };
}
