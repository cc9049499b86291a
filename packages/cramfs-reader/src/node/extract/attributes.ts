import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  lutimesSync,
  openSync,
  utimesSync,
} from 'node:fs';
import { S_ISGID, S_ISUID } from 'cramfs-format';
import type { Inode } from '../../types.js';
import { targetChanged } from './problems.js';
import { HOLD, openDirectory, pathOfDescriptor, type TargetPath } from './target-directory.js';

/** Which attributes of an inode go to the disk. */
export interface AttributeRules {
  /** Set owner and group. */
  readonly owner: boolean;
  /** Set the setuid and setgid bits. */
  readonly setuid: boolean;
}

/** Attributes as they will be on the disk. */
export interface Attributes {
  readonly mode: number;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

const PERMISSIONS = 0o7777;
const SET_ID = S_ISUID | S_ISGID;

export function attributesOf(inode: Inode, rules: AttributeRules): Attributes {
  const { mode, uid, gid } = inode;
  return {
    mode: mode & PERMISSIONS & ~(losesSetId(inode, rules) ? SET_ID : 0),
    owner: rules.owner ? { uid, gid } : undefined,
  };
}

/** True if {@link attributesOf} drops privileges (which setgid of a directory is not). */
export function losesSetId({ mode, type }: Inode, rules: AttributeRules): boolean {
  return !rules.setuid && type === 'file' && (mode & SET_ID) !== 0;
}

/** Sets owner and mode of an open file or directory. The owner comes first: chown(2) clears the setuid bits. */
export function setAttributes(fd: number, { mode, owner }: Attributes): void {
  if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
  fchmodSync(fd, mode);
  futimesSync(fd, 0, 0);
}

/**
 * Sets them on a directory that may have been replaced since we made it: follows no symlink.
 *
 * @throws TargetError if it is no longer a directory.
 */
export function setDirectoryAttributes(path: TargetPath, attributes: Attributes): void {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const fd = openDirectory(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    setAttributes(fd, attributes);
  } finally {
    closeSync(fd);
  }
}

/**
 * True under pseudo, which takes the path of a held symlink for the path of its target. There it is safe to
 * name the symlink, as pseudo does not change owners on the disk.
 */
function followsHeldSymlinks(): boolean {
  return /\blibpseudo\b/.test(process.env['LD_PRELOAD'] ?? '');
}

/**
 * Sets them on a symlink, device node or fifo that we have just made, none of which can be opened like a
 * file.
 *
 * @param isHeld whether the system lets us hold it: see DirectoryCursor.
 * @throws TargetError if there is something else instead.
 */
export function setNodeAttributes(
  path: TargetPath,
  attributes: Attributes,
  { isSymlink, isHeld }: { readonly isSymlink: boolean; readonly isHeld: boolean },
): void {
  const { mode, owner } = attributes;
  if (!isHeld || (isSymlink && followsHeldSymlinks())) {
    if (owner !== undefined) lchownSync(path, owner.uid, owner.gid);
    if (!isSymlink) chmodSync(path, mode);
    lutimesSync(path, 0, 0);
    return;
  }
  const fd = openSync(path, HOLD);
  try {
    const held = pathOfDescriptor(fd);
    // A hard link to another user's file may have been put in its place.
    if (fstatSync(fd).nlink > 1) throw targetChanged();
    if (owner !== undefined) chownSync(held, owner.uid, owner.gid);
    if (!isSymlink) chmodSync(held, mode);
    utimesSync(held, 0, 0);
  } finally {
    closeSync(fd);
  }
}
