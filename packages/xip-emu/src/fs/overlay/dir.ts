import { S_IFMT } from 'cramfs-format';
import { SyscallError, invariant } from '../../errno.js';
import type { Inode } from '../../vfs/inode.js';
import { dropDentry, type OverlayDentry } from './dentry.js';
import type { OverlayInode } from './inode.js';
import { OVL_XATTR_OPAQUE, isPrivateXattr, isWhiteout } from './layers.js';
import { checkEmptyDirectory } from './readdir.js';

/** Makes an entry of an upper directory; undefined if that can't have such entries. */
type MakeEntry = (directory: Inode, name: string) => Inode | undefined;

/**
 * A new file, directory, symlink or special file. The parent is copied up first; a whiteout that is
 * there is replaced at once. Compare fs/overlayfs/dir.c:ovl_create_object().
 *
 * @throws SyscallError EROFS, ENOSPC, EPERM.
 */
export function createObject(parent: OverlayInode, name: string, make: MakeEntry): OverlayInode {
  const directory = parent.copyUp();
  return parent.sb.withUpperAccess(() => {
    const overWhiteout = isWhiteout(directory.lookup(name));
    const upper = overWhiteout
      ? createOverWhiteout(parent, directory, name, make)
      : createUpper(parent, directory, name, make);
    const dentry = {
      parent,
      name,
      inode: parent.sb.getInode({ upper, lowers: [] }),
      hasUpperAlias: true,
      isOpaque: upper.xattrs?.has(OVL_XATTR_OPAQUE) === true,
    };
    parent.add(dentry);
    return dentry.inode;
  });
}

/** Compare fs/overlayfs/dir.c:ovl_create_upper(). */
function createUpper(parent: OverlayInode, directory: Inode, name: string, make: MakeEntry): Inode {
  const upper = make(directory, name);
  if (upper === undefined) throw new SyscallError('EPERM');
  // Lower layers are not expected to change while the overlay is unmounted.
  if (upper.isDirectory && parent.isMerged && parent.sb.redirectsDirectories) setOpaque(upper);
  return upper;
}

/** Compare fs/overlayfs/dir.c:ovl_create_over_whiteout(). */
function createOverWhiteout(
  { sb }: OverlayInode,
  directory: Inode,
  name: string,
  make: MakeEntry,
): Inode {
  return sb.work.withTemp(make, (temp, upper) => {
    if (upper.isDirectory && !setOpaque(upper)) {
      throw new SyscallError('EIO', 'the upper layer has no extended attributes');
    }
    sb.work.moveTo(temp, directory, name, upper.isDirectory);
    if (upper.isDirectory) sb.work.cleanup(temp);
    return upper;
  });
}

/** Compare fs/overlayfs/dir.c:ovl_set_opaque_xerr(). @returns false where there are no attributes. */
export function setOpaque(upper: Inode): boolean {
  upper.xattrs?.set(OVL_XATTR_OPAQUE, 'y');
  return upper.xattrs !== undefined;
}

/**
 * One more name for a file, which is copied up. Compare fs/overlayfs/dir.c:ovl_link(): the new name
 * is looked up anew.
 */
export function linkObject(parent: OverlayInode, name: string, old: OverlayDentry): void {
  const { sb } = parent;
  const { inode } = old;
  const upper = inode.copyUp(old);
  const directory = parent.copyUp();
  sb.withUpperAccess(() => {
    if (inode.hasOrigin) sb.setImpure(directory);
    const from = { parent: old.parent.upper, name: old.name };
    const make = (at: Inode, newName: string): Inode | undefined => {
      at.link?.(newName, upper, from);
      return at.link && upper;
    };
    if (isWhiteout(directory.lookup(name))) createOverWhiteout(parent, directory, name, make);
    else createUpper(parent, directory, name, make);
    inode.links += 1;
  });
}

/** unlink(2), rmdir(2). Compare fs/overlayfs/dir.c:ovl_do_remove(). */
export function removeObject(dentry: OverlayDentry): void {
  const { parent, inode } = dentry;
  const isLower = parent.isLowerPositive(dentry);
  const whiteouts =
    inode.isDirectory && (isLower || !inode.isPureUpper) ? checkEmptyDirectory(inode) : [];
  const directory = parent.copyUp();
  parent.sb.withUpperAccess(() => {
    if (isLower) removeAndWhiteout(dentry, directory, whiteouts);
    else removeUpper(dentry, directory, whiteouts);
    dropDentry(dentry);
    inode.links = inode.isDirectory ? 0 : inode.links - 1;
    inode.evictIfUnused();
  });
}

/** Compare fs/overlayfs/dir.c:ovl_remove_upper(). */
function removeUpper(
  { inode, name }: OverlayDentry,
  directory: Inode,
  whiteouts: readonly string[],
): void {
  if (whiteouts.length > 0) clearEmpty(inode, directory, name, whiteouts);
  else if (directory.lookup(name) !== inode.upper) throw new SyscallError('ESTALE');
  if (inode.isDirectory) directory.rmdir?.(name);
  else directory.unlink?.(name);
}

/** Compare fs/overlayfs/dir.c:ovl_remove_and_whiteout(). */
function removeAndWhiteout(
  { inode, name }: OverlayDentry,
  directory: Inode,
  whiteouts: readonly string[],
): void {
  if (whiteouts.length > 0) clearEmpty(inode, directory, name, whiteouts);
  else if (inode.upper !== undefined && directory.lookup(name) !== inode.upper) {
    throw new SyscallError('ESTALE', 'another name of the file was copied up');
  }
  inode.sb.work.cleanupAndWhiteout(directory, name);
}

/**
 * Puts an opaque directory without entries in the place of one that holds whiteouts alone. Compare
 * fs/overlayfs/dir.c:ovl_clear_empty().
 *
 * @returns the new upper directory.
 */
export function clearEmpty(
  { sb, upper }: OverlayInode,
  directory: Inode,
  name: string,
  whiteouts: readonly string[],
): Inode {
  invariant(upper !== undefined, 'whiteouts without an upper directory');
  const { mode, uid, gid, atime, mtime } = upper.getattr();
  return sb.work.withTemp(
    (work, temp) => work.mkdir?.(temp, mode),
    (temp, opaque) => {
      for (const [key, value] of upper.xattrs ?? []) {
        if (!isPrivateXattr(key)) opaque.xattrs?.set(key, value);
      }
      if (!setOpaque(opaque)) throw new SyscallError('EIO', 'the upper layer has no attributes');
      opaque.setAttributes?.({ mode: mode & ~S_IFMT, uid, gid, atime, mtime });
      sb.work.moveTo(temp, directory, name, true);
      for (const whiteout of whiteouts) upper.unlink?.(whiteout);
      sb.work.cleanup(temp);
      return opaque;
    },
  );
}
