import { S_IFBLK, S_IFCHR, S_IFMT } from 'cramfs-format';
import { SyscallError } from '../errno.js';
import { createAt, withWriteAccess } from './directory-operations.js';
import { OpenFile } from './file.js';
import type { Inode } from './inode.js';
import { lookupLast, lookupParent, type LookupContext, type ResolvedPath } from './namei.js';
import { doTruncate } from './truncate.js';

export interface OpenOptions {
  /** Default: true; false with `write` is O_WRONLY. */
  readonly read?: boolean | undefined;
  /** O_RDWR, or O_WRONLY, instead of O_RDONLY. */
  readonly write?: boolean | undefined;
  /** O_APPEND: all writes go to the end of the file. */
  readonly append?: boolean | undefined;
  /** O_DIRECTORY: anything else is ENOTDIR. */
  readonly directory?: boolean | undefined;
  /** O_NOFOLLOW: a symlink as the last component is ELOOP. */
  readonly noFollow?: boolean | undefined;
  /** O_NONBLOCK: a FIFO is opened without its other end. */
  readonly nonBlock?: boolean | undefined;
  /** O_CREAT: creates a regular file if the name does not exist. */
  readonly create?: boolean | undefined;
  /**
   * O_EXCL, with `create`: something there, even a symlink, is an error. A block device is opened
   * only if nobody else has it exclusively.
   */
  readonly exclusive?: boolean | undefined;
  /** O_TRUNC: the file is emptied, even without `write`. */
  readonly truncate?: boolean | undefined;
  /** Permissions of a new file; default 0o644. */
  readonly mode?: number | undefined;
}

/**
 * open(2). The caller owns the reference. Compare fs/namei.c:open_last_lookups() and do_open().
 *
 * @throws SyscallError
 */
export function openPath(context: LookupContext, path: string, options: OpenOptions): OpenFile {
  const {
    read = true,
    write = false,
    create = false,
    exclusive = false,
    truncate = false,
  } = options;
  const { append, nonBlock, directory = false, noFollow = false } = options;
  if ((!read && !write) || (create && directory)) throw new SyscallError('EINVAL');
  const mode = { readable: read, writable: write, append, nonBlock, exclusive };
  if (create && path.endsWith('/')) checkSlash(context, path);
  const at = lookupLast(context, path, { follow: !noFollow && !(create && exclusive) });
  if (at.inode === undefined && create) {
    const inode = createAt(at, options.mode ?? 0o644);
    return OpenFile.open({ inode, mount: at.mount!, path: at.path }, mode);
  }
  const { inode, mount } = at;
  if (inode === undefined || mount === undefined) throw new SyscallError('ENOENT');
  if (create && exclusive) throw new SyscallError('EEXIST');
  if (create && inode.isDirectory) throw new SyscallError('EISDIR');
  if (directory && !inode.isDirectory) throw new SyscallError('ENOTDIR');
  if (inode.isSymlink) throw new SyscallError('ELOOP');
  if (inode.isDirectory && (write || truncate)) throw new SyscallError('EISDIR');
  if (mount.nodev && isDevice(inode)) throw new SyscallError('EACCES', 'the mount is nodev');
  const found = { inode, mount, path: at.path };
  const truncates = truncate && inode.isRegular;
  if (!truncates) return OpenFile.open(found, mode);
  return withWriteAccess(mount, () => {
    const file = OpenFile.open(found, { ...mode, truncates });
    try {
      truncatePath(found, 0);
      return file;
    } catch (error) {
      file.put();
      throw error;
    }
  });
}

function isDevice({ mode }: Inode): boolean {
  const type = mode & S_IFMT;
  return type === S_IFCHR || type === S_IFBLK;
}

/** Checks that with O_CREAT no slash follows the name. @throws SyscallError EISDIR. */
function checkSlash(context: LookupContext, path: string): void {
  const { written } = lookupParent(context, path);
  if (written !== '' && written !== '.' && written !== '..') throw new SyscallError('EISDIR');
}

/** Compare fs/open.c:vfs_truncate() and fs/namei.c:handle_truncate(). */
export function truncatePath({ inode, mount }: ResolvedPath, size: number): void {
  if (inode.isDirectory) throw new SyscallError('EISDIR');
  if (!inode.isRegular) throw new SyscallError('EINVAL');
  withWriteAccess(mount, () => {
    if (inode.writers < 0) throw new SyscallError('ETXTBSY');
    doTruncate(inode, size);
  });
}

/** ftruncate(2). Compare fs/open.c:do_ftruncate(). @throws SyscallError EINVAL and others. */
export function truncateFile(file: OpenFile, size: number): void {
  const inode: Inode = file.userInode;
  if (!file.writable || !inode.isRegular) throw new SyscallError('EINVAL');
  doTruncate(inode, size);
}
