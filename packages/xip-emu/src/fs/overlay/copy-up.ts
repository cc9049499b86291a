import { S_IFMT } from 'cramfs-format';
import { SyscallError, invariant } from '../../errno.js';
import { OpenFile } from '../../vfs/file.js';
import type { Inode } from '../../vfs/inode.js';
import type { Kstat } from '../../vfs/kstat.js';
import { cloneFileRange } from '../../vfs/remap-range.js';
import type { OverlayDentry } from './dentry.js';
import type { OverlayInode } from './inode.js';
import { isPrivateXattr } from './layers.js';

/** Copy-up reads and writes in pieces of this size. */
const PIECE = 65536;

/**
 * Makes the upper file of a name, with the content of the lower one as reads give it. A further
 * name of a file that is there becomes a link to it. Nobody sees one that could not be filled.
 * Compare fs/overlayfs/copy_up.c:ovl_copy_up_one().
 *
 * @param truncates O_TRUNC: the content is neither read nor copied.
 * @throws SyscallError EROFS, ENOSPC, EIO, EOPNOTSUPP.
 */
export function copyUp(dentry: OverlayDentry, truncates: boolean): Inode {
  const { parent, inode } = dentry;
  const directory = parent.copyUp();
  if (inode.upper === undefined) doCopyUp(dentry, directory, truncates);
  else linkUp(dentry, directory, inode.upper);
  dentry.hasUpperAlias = true;
  invariant(inode.upper !== undefined, 'a copy-up without an upper file');
  return inode.upper;
}

/** What a copy-up makes: struct ovl_copy_up_ctx. */
interface CopyUpContext {
  readonly inode: OverlayInode;
  readonly stat: Kstat;
  /** Bytes of content. */
  readonly size: number;
  readonly directory: Inode;
  readonly name: string;
}

/** Compare fs/overlayfs/copy_up.c:ovl_do_copy_up(). */
function doCopyUp({ inode, name }: OverlayDentry, directory: Inode, truncates: boolean): void {
  const { sb } = inode;
  const stat = inode.lower!.getattr();
  const context = { inode, stat, size: truncates ? 0 : stat.size, directory, name };
  // Restore the parent's times: the user has not changed them.
  const { atime, mtime } = directory.getattr();
  sb.withUpperAccess(() => {
    sb.setImpure(directory);
    const hasTmpfile = sb.work.inode.tmpfile !== undefined;
    const upper = inode.isRegular && hasTmpfile ? copyUpTmpfile(context) : copyUpWorkdir(context);
    inode.setUpper(upper);
    directory.setAttributes?.({ atime, mtime });
  });
}

/** Compare fs/overlayfs/copy_up.c:ovl_copy_up_tmpfile(). */
function copyUpTmpfile(context: CopyUpContext): Inode {
  const { inode, directory, name, stat } = context;
  const { inode: work } = inode.sb.work;
  const temp = work.tmpfile!(stat.mode);
  // A file without a name exists as long as it is open.
  const file = openForCopy(context, temp);
  try {
    copyData(context, file);
    copyMetadata(context, temp);
    if (directory.lookup(name) !== undefined) throw new SyscallError('EEXIST');
    if (directory.link === undefined) throw new SyscallError('EPERM');
    directory.link(name, temp, { parent: work, name: '' });
    return temp;
  } finally {
    file.put();
  }
}

function openForCopy({ inode }: CopyUpContext, target: Inode): OpenFile {
  const place = { inode: target, path: '', mount: inode.sb.upperMount! };
  return OpenFile.open(place, { readable: false, writable: true });
}

/** Directories, symlinks and special files. Compare fs/overlayfs/copy_up.c:ovl_copy_up_workdir(). */
function copyUpWorkdir(context: CopyUpContext): Inode {
  const { inode, directory, name, stat } = context;
  const { work } = inode.sb;
  const type = stat.mode & S_IFMT;
  const target = inode.isSymlink ? inode.lower!.readlink() : '';
  const make = (at: Inode, temp: string): Inode | undefined => {
    if (inode.isSymlink) return at.symlink?.(temp, target);
    if (inode.isDirectory) return at.mkdir?.(temp, type);
    return inode.isRegular ? at.create?.(temp, type) : at.mknod?.(temp, type, stat.rdev);
  };
  return work.withTemp(make, (temp, upper) => {
    if (inode.isRegular) {
      const file = openForCopy(context, upper);
      try {
        copyData(context, file);
      } finally {
        file.put();
      }
    }
    copyMetadata(context, upper);
    if (directory.lookup(name) !== undefined) throw new SyscallError('EEXIST');
    work.moveTo(temp, directory, name);
    return upper;
  });
}

/** Shares the blocks if it can. Compare fs/overlayfs/copy_up.c:ovl_copy_up_file(). */
function copyData({ inode, size }: CopyUpContext, to: OpenFile): void {
  if (size === 0) return;
  const from = OpenFile.open(inode.realPath);
  try {
    if (from.inode.sb === to.inode.sb && from.fops.remapFileRange !== undefined) {
      cloneFileRange(from, to, {});
      return;
    }
    copyPieces(from, to, size);
    to.fops.fsync?.(to, 0, Infinity);
  } finally {
    from.put();
  }
}

/** @throws SyscallError ENOSPC, EIO: a write that is short goes on, and then fails. */
function copyPieces(from: OpenFile, to: OpenFile, size: number): void {
  const buffer = new Uint8Array(PIECE);
  let data = -1;
  for (let at = 0; at < size;) {
    if (data < at && from.fops.seekHoleOrData !== undefined) {
      data = nextData(from, at, size);
      at = data;
      continue;
    }
    const piece = buffer.subarray(0, Math.min(PIECE, size - at));
    const got = from.fops.readIter?.(from, at, piece) ?? 0;
    if (got === 0) return;
    at += writePiece(to, at, piece.subarray(0, got));
  }
}

function nextData(from: OpenFile, at: number, size: number): number {
  try {
    return from.fops.seekHoleOrData!(from, at, 'data');
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'ENXIO') return size;
    throw error;
  }
}

function writePiece(to: OpenFile, at: number, piece: Uint8Array): number {
  if (to.fops.writeIter === undefined) throw new SyscallError('EINVAL');
  for (let done = 0; done < piece.length;) {
    done += to.fops.writeIter(to, at + done, piece.subarray(done));
  }
  return piece.length;
}

/** Compare fs/overlayfs/copy_up.c:ovl_copy_up_metadata() and ovl_set_attr(). */
function copyMetadata({ inode, stat, size }: CopyUpContext, target: Inode): void {
  const lower = inode.lowers[0]!;
  for (const [name, value] of lower.inode.xattrs ?? []) {
    if (!isPrivateXattr(name)) target.xattrs?.set(name, value);
  }
  // A file with several names is split here: this name is now a file of its own.
  if (inode.isDirectory || stat.nlink === 1) inode.sb.setOrigin(target, lower);
  if (inode.isRegular) target.setSize?.(size);
  const { mode, uid, gid, atime, mtime } = stat;
  const permissions = inode.isSymlink ? undefined : mode & ~S_IFMT;
  target.setAttributes?.({ mode: permissions, uid, gid, atime, mtime });
}

/**
 * One more name in the upper layer. How many there are is kept in an extended attribute of the
 * file. Compare fs/overlayfs/copy_up.c:ovl_link_up().
 *
 * @throws SyscallError EOPNOTSUPP, EPERM.
 */
function linkUp({ inode, name }: OverlayDentry, directory: Inode, upper: Inode): void {
  const { sb } = inode;
  const { atime, mtime } = directory.getattr();
  sb.withUpperAccess(() => {
    sb.setImpure(directory);
    if (!upper.sb.hasXattrs) throw new SyscallError('EOPNOTSUPP', 'no extended attributes');
    if (directory.link === undefined) throw new SyscallError('EPERM');
    directory.link(name, upper, { parent: undefined, name });
    directory.setAttributes?.({ atime, mtime });
  });
}
