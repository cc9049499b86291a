import { SyscallError } from '../../errno.js';
import { RENAME_EXCHANGE, RENAME_WHITEOUT, type Inode } from '../../vfs/inode.js';
import { dropDentry, type OverlayDentry } from './dentry.js';
import { clearEmpty, setOpaque } from './dir.js';
import type { OverlayInode } from './inode.js';
import { OVL_XATTR_REDIRECT, isWhiteout } from './layers.js';
import { checkEmptyDirectory } from './readdir.js';

/** overlay.redirect_max: longer paths are not stored. */
const REDIRECT_MAX = 256;

/** The rename to do in the upper file system. */
interface UpperRename {
  readonly flags: number;
  /** The whiteout that was exchanged for the directory hides nothing now. */
  readonly cleanupWhiteout: boolean;
}

/**
 * rename(2), renameat2(2) with RENAME_EXCHANGE. What is renamed is copied up; directories with a
 * lower part are not, unless they can be redirected. Compare fs/overlayfs/dir.c:ovl_rename().
 *
 * @throws SyscallError EINVAL, EXDEV, ENOTEMPTY, EROFS, ENOSPC, ESTALE.
 */
export function renameObject(
  old: OverlayDentry,
  newParent: OverlayInode,
  newName: string,
  vfsFlags: number,
): void {
  if ((vfsFlags & ~RENAME_EXCHANGE) !== 0) throw new SyscallError('EINVAL');
  const exchanges = vfsFlags === RENAME_EXCHANGE;
  const target = newParent.entries.get(newName);
  const { sb } = newParent;
  if (!canMove(old.inode) || (exchanges && !canMove(target!.inode))) {
    throw new SyscallError('EXDEV', 'directory trees are not copied up');
  }
  const replaced = exchanges ? undefined : target;
  const whiteouts =
    replaced?.inode.isDirectory === true && !replaced.inode.isPureUpper
      ? checkEmptyDirectory(replaced.inode)
      : [];
  const { flags, cleanupWhiteout } = exchanges
    ? { flags: RENAME_EXCHANGE, cleanupWhiteout: false }
    : upperRename(old, newParent, newName, target);
  old.inode.copyUp(old);
  const from = old.parent.upper!;
  const to = newParent.copyUp();
  if (exchanges) target!.inode.copyUp(target);
  sb.withUpperAccess(() => {
    const cleared =
      whiteouts.length > 0 ? clearEmpty(replaced!.inode, to, newName, whiteouts) : undefined;
    if (old.parent !== newParent) {
      if (old.inode.hasOrigin) sb.setImpure(to);
      if (exchanges && target!.inode.hasOrigin) sb.setImpure(from);
    }
    const upperTarget = to.lookup(newName);
    const upperOld = from.lookup(old.name);
    checkUpper(old, upperOld);
    if (upperOld === upperTarget) throw new SyscallError('ESTALE', 'two names of one upper file');
    checkUpperTarget(target, upperTarget, cleared, flags);
    prepareMove(old, newParent, newName);
    if (exchanges) prepareMove(target!, old.parent, old.name);
    if (from.rename === undefined) throw new SyscallError('EPERM');
    from.rename(old.name, to, newName, flags);
    if (cleanupWhiteout) from.unlink?.(old.name);
  });
  moveDentries(old, newParent, newName, target, exchanges);
}

/** Compare fs/overlayfs/dir.c:ovl_can_move(). */
function canMove(inode: OverlayInode): boolean {
  return inode.sb.redirectsDirectories || !inode.isDirectory || !inode.isMergedOrLower;
}

/** A lower name needs a whiteout where it was: a new one, or that of the place it goes to. */
function upperRename(
  old: OverlayDentry,
  newParent: OverlayInode,
  newName: string,
  target: OverlayDentry | undefined,
): UpperRename {
  const overWhiteout = target === undefined && isWhiteout(newParent.upper?.lookup(newName));
  if (old.parent.isLowerPositive(old)) {
    return { flags: overWhiteout ? RENAME_EXCHANGE : RENAME_WHITEOUT, cleanupWhiteout: false };
  }
  if (old.inode.isDirectory && overWhiteout) {
    return { flags: RENAME_EXCHANGE, cleanupWhiteout: true };
  }
  return { flags: 0, cleanupWhiteout: false };
}

function checkUpper({ inode }: OverlayDentry, upper: Inode | undefined): void {
  if (upper === undefined || inode.upper !== upper) throw new SyscallError('ESTALE');
}

function checkUpperTarget(
  target: OverlayDentry | undefined,
  upper: Inode | undefined,
  cleared: Inode | undefined,
  flags: number,
): void {
  if (target?.inode.upper !== undefined) {
    if (upper !== (cleared ?? target.inode.upper)) throw new SyscallError('ESTALE');
  } else if (upper !== undefined) {
    if (!isWhiteout(upper)) throw new SyscallError('ESTALE');
  } else if ((flags & RENAME_EXCHANGE) !== 0) {
    throw new SyscallError('ESTALE');
  }
}

/** Says in the upper directory what of the lower layers belongs to it at its new place. */
function prepareMove(dentry: OverlayDentry, newParent: OverlayInode, newName: string): void {
  const { inode, parent } = dentry;
  if (inode.isMergedOrLower) {
    setRedirect(dentry, parent === newParent);
  } else if (inode.isDirectory && !dentry.isOpaque && newParent.isMerged) {
    if (!setOpaque(inode.upper!)) throw new SyscallError('EXDEV', `${newName}: no attributes`);
    dentry.isOpaque = true;
  }
}

/** Compare fs/overlayfs/dir.c:ovl_set_redirect(). @throws SyscallError EXDEV if it is too long. */
function setRedirect({ inode, parent, name }: OverlayDentry, isSameDirectory: boolean): void {
  const { redirect } = inode;
  if (redirect !== undefined && (isSameDirectory || redirect.startsWith('/'))) return;
  const path = isSameDirectory ? name : absoluteRedirect(parent, redirect ?? name);
  if (path.length > REDIRECT_MAX || inode.upper?.xattrs === undefined) {
    throw new SyscallError('EXDEV', 'the redirect cannot be stored');
  }
  inode.upper.xattrs.set(OVL_XATTR_REDIRECT, path);
  inode.redirect = path;
}

/** The path in the lower layers. Compare fs/overlayfs/dir.c:ovl_get_redirect(). */
function absoluteRedirect(parent: OverlayInode, name: string): string {
  let path = `/${name}`;
  let directory = parent;
  for (let [dentry] = directory.dentries; dentry !== undefined; [dentry] = directory.dentries) {
    const part = directory.redirect ?? dentry.name;
    if (part.startsWith('/')) return part + path;
    path = `/${part}${path}`;
    directory = dentry.parent;
  }
  return path;
}

/** What the VFS does afterwards: d_move(), d_exchange(). */
function moveDentries(
  old: OverlayDentry,
  newParent: OverlayInode,
  newName: string,
  target: OverlayDentry | undefined,
  exchanges: boolean,
): void {
  const { parent, name } = old;
  parent.entries.delete(name);
  if (target !== undefined) {
    if (exchanges) {
      target.parent = parent;
      target.name = name;
      parent.entries.set(name, target);
    } else {
      dropDentry(target);
      const { inode } = target;
      inode.links = inode.isDirectory ? 0 : inode.links - 1;
    }
  }
  old.parent = newParent;
  old.name = newName;
  newParent.entries.set(newName, old);
}
