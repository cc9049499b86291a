import { S_IFCHR, S_IFDIR, S_IFIFO, S_IFBLK, S_IFMT, S_IFREG, S_IFSOCK } from 'cramfs-format';
import { SyscallError, invariant } from '../errno.js';
import { UNNAMED_DEVICE, type DeviceNumber } from './device.js';
import { RENAME_EXCHANGE, RENAME_NOREPLACE, RENAME_WHITEOUT, type Inode } from './inode.js';
import type { Mount } from './mount.js';
import { nameRemoved, namesMoved } from './moved-names.js';
import { lookupParent, pathLookup, type LastComponent, type LookupContext } from './namei.js';

const PERMISSIONS = 0o7777;

/** Between mnt_want_write() and mnt_drop_write(). @throws SyscallError EROFS. */
export function withWriteAccess<T>(mount: Mount | undefined, change: () => T): T {
  // Above all mounts there is nothing that could hold an entry.
  if (mount === undefined) throw new SyscallError('EROFS');
  return mount.withWriteAccess(change);
}

/** Makes a new regular file at an unused name. @throws SyscallError EISDIR, EROFS, EACCES. */
export function createAt(at: LastComponent, mode: number): Inode {
  if (at.slash) throw new SyscallError('EISDIR');
  return withWriteAccess(at.mount, () => {
    const parent = liveParent(at);
    if (parent?.create === undefined) throw new SyscallError('EACCES');
    return parent.create(at.name, S_IFREG | (mode & PERMISSIONS));
  });
}

/** mkdir(2). Compare fs/namei.c:do_mkdirat(). @throws SyscallError EEXIST, ENOENT, EROFS, EPERM. */
export function mkdir(context: LookupContext, path: string, mode: number): void {
  const at = newEntry(context, path);
  withWriteAccess(at.mount, () => {
    const parent = liveParent(at);
    if (parent?.mkdir === undefined) throw new SyscallError('EPERM');
    parent.mkdir(at.name, S_IFDIR | (mode & PERMISSIONS));
  });
}

const NODE_TYPES: readonly number[] = [S_IFREG, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK];

/**
 * mknod(2). Compare fs/namei.c:do_mknodat().
 *
 * @param mode type and permissions; without a type a regular file.
 * @throws SyscallError EEXIST, ENOENT, EROFS, EPERM, EINVAL for a type that mknod(2) does not make.
 */
export function mknod(
  context: LookupContext,
  path: string,
  mode: number,
  rdev: DeviceNumber = UNNAMED_DEVICE,
): void {
  const type = mode & S_IFMT || S_IFREG;
  if (!NODE_TYPES.includes(type)) throw new SyscallError(type === S_IFDIR ? 'EPERM' : 'EINVAL');
  const at = newEntry(context, path);
  if (at.slash) throw new SyscallError('ENOENT');
  withWriteAccess(at.mount, () => {
    const parent = liveParent(at);
    const full = type | (mode & PERMISSIONS);
    const isDevice = type === S_IFCHR || type === S_IFBLK;
    if (type === S_IFREG && parent?.create !== undefined) parent.create(at.name, full);
    else if (parent?.mknod === undefined) throw new SyscallError('EPERM');
    else parent.mknod(at.name, full, isDevice ? rdev : UNNAMED_DEVICE);
  });
}

/** symlink(2). Compare fs/namei.c:do_symlinkat(). @throws SyscallError EEXIST, ENOENT, EROFS, EPERM. */
export function symlink(context: LookupContext, target: string, path: string): void {
  if (target === '') throw new SyscallError('ENOENT');
  const at = newEntry(context, path);
  if (at.slash) throw new SyscallError('ENOENT');
  withWriteAccess(at.mount, () => {
    const parent = liveParent(at);
    if (parent?.symlink === undefined) throw new SyscallError('EPERM');
    parent.symlink(at.name, target);
  });
}

/** link(2): does not follow a symlink. Compare fs/namei.c:do_linkat(). */
export function link(context: LookupContext, existing: string, path: string): void {
  const { inode, mount } = pathLookup(context, existing, { follow: false });
  const from = lookupParent(context, existing);
  const at = newEntry(context, path);
  if (at.slash) throw new SyscallError('ENOENT');
  withWriteAccess(at.mount, () => {
    if (at.mount !== mount) throw new SyscallError('EXDEV');
    const parent = liveParent(at);
    if (inode.isDirectory || parent?.link === undefined) throw new SyscallError('EPERM');
    if (inode.links === 0) throw new SyscallError('ENOENT');
    parent.link(at.name, inode, from);
  });
}

/** unlink(2). Compare fs/namei.c:do_unlinkat(). */
export function unlink(context: LookupContext, path: string): void {
  const at = lookupParent(context, path);
  if (at.name === '') throw new SyscallError('EISDIR');
  withWriteAccess(at.mount, () => {
    const { parent, inode, name, slash } = at;
    if (inode === undefined) throw new SyscallError('ENOENT');
    if (inode.isDirectory) throw new SyscallError('EISDIR');
    if (slash) throw new SyscallError('ENOTDIR');
    if (context.mounts.at(at.path) !== undefined) throw new SyscallError('EBUSY', 'a mount point');
    if (parent?.unlink === undefined) throw new SyscallError('EPERM');
    parent.unlink(name);
    nameRemoved(at.mount!, at.path, inode);
    inode.evictIfUnused();
  });
}

/** rmdir(2). Compare fs/namei.c:do_rmdir(). */
export function rmdir(context: LookupContext, path: string): void {
  const at = lookupParent(context, path);
  if (at.written === '..') throw new SyscallError('ENOTEMPTY');
  if (at.written === '.') throw new SyscallError('EINVAL');
  if (at.name === '') throw new SyscallError('EBUSY');
  withWriteAccess(at.mount, () => {
    const { parent, inode, name } = at;
    if (inode === undefined) throw new SyscallError('ENOENT');
    if (parent === undefined || context.mounts.covers(at.path)) {
      throw new SyscallError('EBUSY', 'a mount point');
    }
    if (!inode.isDirectory) throw new SyscallError('ENOTDIR');
    if (parent.rmdir === undefined) throw new SyscallError('EPERM');
    parent.rmdir(name);
    inode.isDead = true;
    nameRemoved(at.mount!, at.path, inode);
  });
}

/**
 * renameat2(2). Compare fs/namei.c:do_renameat2() and vfs_rename().
 *
 * @param flags RENAME_NOREPLACE, RENAME_EXCHANGE.
 */
export function rename(context: LookupContext, from: string, to: string, flags = 0): void {
  const exchanges = (flags & RENAME_EXCHANGE) !== 0;
  if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) !== 0) {
    throw new SyscallError('EINVAL');
  }
  if (exchanges && flags !== RENAME_EXCHANGE) throw new SyscallError('EINVAL');
  const source = lookupParent(context, from);
  const target = lookupParent(context, to);
  if (source.mount !== target.mount) throw new SyscallError('EXDEV');
  if (source.name === '') throw new SyscallError('EBUSY');
  const noReplace = (flags & RENAME_NOREPLACE) !== 0;
  if (target.name === '') throw new SyscallError(noReplace ? 'EEXIST' : 'EBUSY');
  withWriteAccess(source.mount, () => {
    const { inode, parent } = source;
    const replaced = target.inode;
    if (inode === undefined) throw new SyscallError('ENOENT');
    if (noReplace && replaced !== undefined) throw new SyscallError('EEXIST');
    if (exchanges && replaced === undefined) throw new SyscallError('ENOENT');
    checkSlashes(source, target, exchanges);
    // A directory cannot move into itself, nor replace one above it.
    if (isBelow(target.path, source.path)) throw new SyscallError('EINVAL');
    if (isBelow(source.path, target.path)) {
      throw new SyscallError(exchanges ? 'EINVAL' : 'ENOTEMPTY');
    }
    if (replaced === inode) return;
    if (parent === undefined || target.parent === undefined) {
      throw new SyscallError('EBUSY', 'a mount point');
    }
    if (target.parent.isDead) throw new SyscallError('ENOENT');
    if (replaced !== undefined && !exchanges) {
      if (inode.isDirectory && !replaced.isDirectory) throw new SyscallError('ENOTDIR');
      if (!inode.isDirectory && replaced.isDirectory) throw new SyscallError('EISDIR');
    }
    if (parent.rename === undefined) throw new SyscallError('EPERM');
    const { mounts } = context;
    if (mounts.at(source.path) !== undefined || mounts.at(target.path) !== undefined) {
      throw new SyscallError('EBUSY', 'a mount point');
    }
    parent.rename(source.name, target.parent, target.name, flags & ~RENAME_NOREPLACE);
    afterRename(context, source, target, exchanges);
  });
}

function isBelow(path: string, above: string): boolean {
  return path.startsWith(`${above}/`);
}

function checkSlashes(source: LastComponent, target: LastComponent, exchanges: boolean): void {
  if (source.inode?.isDirectory !== true) {
    if (source.slash) throw new SyscallError('ENOTDIR');
    if (!exchanges && target.slash) throw new SyscallError('ENOTDIR');
  }
  if (exchanges && target.inode?.isDirectory !== true && target.slash) {
    throw new SyscallError('ENOTDIR');
  }
}

function afterRename(
  { mounts }: LookupContext,
  { mount, path: from }: LastComponent,
  { path: to, inode: replaced }: LastComponent,
  exchanges: boolean,
): void {
  if (replaced !== undefined && !exchanges) {
    nameRemoved(mount!, to, replaced);
    if (replaced.isDirectory) replaced.isDead = true;
    replaced.evictIfUnused();
  }
  const there = { from, to };
  namesMoved(mounts, mount!, exchanges ? [there, { from: to, to: from }] : [there]);
}

/** The place where an entry is to be made. Compare fs/namei.c:filename_create(). */
function newEntry(context: LookupContext, path: string): LastComponent {
  const at = lookupParent(context, path);
  if (at.name === '' || at.inode !== undefined) throw new SyscallError('EEXIST');
  invariant(at.parent !== undefined || at.mount === undefined, 'a mount without a root');
  return at;
}

/** Refuses to make anything in a directory that was removed. Compare fs/namei.c:may_create(). */
function liveParent({ parent }: LastComponent): Inode | undefined {
  if (parent?.isDead === true) throw new SyscallError('ENOENT');
  return parent;
}
