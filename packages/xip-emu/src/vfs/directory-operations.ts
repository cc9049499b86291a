import { S_IFDIR, S_IFREG } from 'cramfs-format';
import { SyscallError, invariant } from '../errno.js';
import type { Inode } from './inode.js';
import type { Mount } from './mount.js';
import { lookupLast, pathLookup, type LastComponent, type LookupContext } from './namei.js';

const PERMISSIONS = 0o7777;

/** Between mnt_want_write() and mnt_drop_write(). @throws SyscallError EROFS. */
export function withWriteAccess<T>(mount: Mount | undefined, change: () => T): T {
  // Above any mount is nothing that could hold an entry.
  if (mount === undefined) throw new SyscallError('EROFS');
  return mount.withWriteAccess(change);
}

/** A new regular file at a place where nothing is. @throws SyscallError EISDIR, EROFS, EACCES. */
export function createAt(at: LastComponent, mode: number): Inode {
  if (at.slash) throw new SyscallError('EISDIR');
  return withWriteAccess(at.mount, () => {
    const { parent, name } = at;
    if (parent?.create === undefined) throw new SyscallError('EACCES');
    return parent.create(name, S_IFREG | (mode & PERMISSIONS));
  });
}

/** mkdir(2). Compare fs/namei.c:do_mkdirat(). @throws SyscallError EEXIST, ENOENT, EROFS, EPERM. */
export function mkdir(context: LookupContext, path: string, mode: number): void {
  const at = newEntry(context, path);
  withWriteAccess(at.mount, () => {
    const { parent, name } = at;
    if (parent?.mkdir === undefined) throw new SyscallError('EPERM');
    parent.mkdir(name, S_IFDIR | (mode & PERMISSIONS));
  });
}

/** symlink(2). Compare fs/namei.c:do_symlinkat(). @throws SyscallError EEXIST, ENOENT, EROFS, EPERM. */
export function symlink(context: LookupContext, target: string, path: string): void {
  if (target === '') throw new SyscallError('ENOENT');
  const at = newEntry(context, path);
  if (at.slash) throw new SyscallError('ENOENT');
  withWriteAccess(at.mount, () => {
    const { parent, name } = at;
    if (parent?.symlink === undefined) throw new SyscallError('EPERM');
    parent.symlink(name, target);
  });
}

/** link(2): does not follow a symlink. Compare fs/namei.c:do_linkat(). */
export function link(context: LookupContext, existing: string, path: string): void {
  const { inode, mount } = pathLookup(context, existing, { follow: false });
  const at = newEntry(context, path);
  if (at.slash) throw new SyscallError('ENOENT');
  withWriteAccess(at.mount, () => {
    if (at.mount !== mount) throw new SyscallError('EXDEV');
    const { parent, name } = at;
    if (inode.isDirectory || parent?.link === undefined) throw new SyscallError('EPERM');
    parent.link(name, inode);
  });
}

/** unlink(2). Compare fs/namei.c:do_unlinkat(). */
export function unlink(context: LookupContext, path: string): void {
  const at = lookupLast(context, path);
  if (at.name === '') throw new SyscallError('EISDIR');
  withWriteAccess(at.mount, () => {
    const { parent, inode, name, slash } = at;
    if (inode === undefined) throw new SyscallError('ENOENT');
    if (inode.isDirectory) throw new SyscallError('EISDIR');
    if (slash) throw new SyscallError('ENOTDIR');
    if (parent?.unlink === undefined) throw new SyscallError('EPERM');
    parent.unlink(name);
    inode.evictIfUnused();
  });
}

/** rmdir(2). Compare fs/namei.c:do_rmdir(). */
export function rmdir(context: LookupContext, path: string): void {
  const at = lookupLast(context, path);
  if (at.written === '..') throw new SyscallError('ENOTEMPTY');
  if (at.written === '.') throw new SyscallError('EINVAL');
  if (at.name === '') throw new SyscallError('EBUSY');
  withWriteAccess(at.mount, () => {
    const { parent, inode, name } = at;
    if (inode === undefined) throw new SyscallError('ENOENT');
    if (parent === undefined) throw new SyscallError('EBUSY', 'a mount point');
    if (!inode.isDirectory) throw new SyscallError('ENOTDIR');
    if (parent.rmdir === undefined) throw new SyscallError('EPERM');
    parent.rmdir(name);
  });
}

/** rename(2). Compare fs/namei.c:do_renameat2() and vfs_rename(). */
export function rename(context: LookupContext, from: string, to: string): void {
  const source = lookupLast(context, from);
  const target = lookupLast(context, to);
  const targetMount = target.mount;
  if (source.mount !== targetMount) throw new SyscallError('EXDEV');
  if (source.name === '' || target.name === '') throw new SyscallError('EBUSY');
  withWriteAccess(source.mount, () => {
    const { inode, parent } = source;
    if (inode === undefined) throw new SyscallError('ENOENT');
    if (parent === undefined || target.parent === undefined) {
      throw new SyscallError('EBUSY', 'a mount point');
    }
    if (!inode.isDirectory && (source.slash || target.slash)) throw new SyscallError('ENOTDIR');
    if (`${target.path}/`.startsWith(`${source.path}/`) && target.path !== source.path) {
      throw new SyscallError('EINVAL', 'a directory cannot go into itself');
    }
    const replaced = target.inode;
    if (replaced === inode) return;
    if (replaced !== undefined) {
      if (`${source.path}/`.startsWith(`${target.path}/`)) throw new SyscallError('ENOTEMPTY');
      if (inode.isDirectory && !replaced.isDirectory) throw new SyscallError('ENOTDIR');
      if (!inode.isDirectory && replaced.isDirectory) throw new SyscallError('EISDIR');
    }
    if (parent.rename === undefined) throw new SyscallError('EPERM');
    parent.rename(source.name, target.parent, target.name);
    replaced?.evictIfUnused();
  });
}

/** Where an entry is to be made. Compare fs/namei.c:filename_create(). */
function newEntry(context: LookupContext, path: string): LastComponent {
  const at = lookupLast(context, path);
  if (at.name === '' || at.inode !== undefined) throw new SyscallError('EEXIST');
  invariant(at.parent !== undefined || at.mount === undefined, 'a mount without a root');
  return at;
}
