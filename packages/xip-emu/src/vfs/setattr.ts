import { S_ISGID, S_ISUID } from 'cramfs-format';
import { SyscallError } from '../errno.js';
import { withWriteAccess } from './directory-operations.js';
import type { OpenFile } from './file.js';
import type { Inode } from './inode.js';
import type { Iattr } from './kstat.js';
import type { ResolvedPath } from './namei.js';

const S_IXGRP = 0o010;
const ID_LIMIT = 2 ** 32 - 1;

/** chmod(2), chown(2), utimensat(2). Compare fs/attr.c:notify_change(). @throws SyscallError. */
export function setAttributes({ inode, mount }: ResolvedPath, attributes: Iattr): void {
  checkAttributes(inode, attributes);
  withWriteAccess(mount, () => {
    notifyChange(inode, attributes);
  });
}

/** The same of an open file. */
export function setAttributesOf({ userInode, userMount }: OpenFile, attributes: Iattr): void {
  checkAttributes(userInode, attributes);
  if (userMount === undefined) notifyChange(userInode, attributes);
  else
    withWriteAccess(userMount, () => {
      notifyChange(userInode, attributes);
    });
}

function notifyChange(inode: Inode, attributes: Iattr): void {
  if (inode.setAttributes === undefined) throw new SyscallError('EPERM');
  const { mode } = inode;
  const owned = attributes.uid ?? attributes.gid;
  const drops = owned !== undefined && attributes.mode === undefined && !inode.isDirectory;
  inode.setAttributes(drops ? { ...attributes, mode: withoutPrivileges(mode) } : attributes);
}

/**
 * The mode after a change of owners, which may clear setuid and setgid. Compare
 * fs/open.c:chown_common().
 */
function withoutPrivileges(mode: number): number {
  const left = mode & ~S_ISUID;
  return (mode & S_IXGRP) === 0 ? left : left & ~S_ISGID;
}

function checkAttributes(inode: Inode, { mode, uid, gid, atime, mtime }: Iattr): void {
  for (const value of [uid, gid]) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 0 && value < ID_LIMIT)) {
      throw new SyscallError('EINVAL');
    }
  }
  for (const value of [mode, atime, mtime]) {
    if (value !== undefined && !Number.isInteger(value)) throw new SyscallError('EINVAL');
  }
  if (mode !== undefined && inode.isSymlink) throw new SyscallError('EOPNOTSUPP');
}
