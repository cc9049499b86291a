import { SyscallError } from '../errno.js';
import { createAt, withWriteAccess } from './directory-operations.js';
import { OpenFile } from './file.js';
import type { Inode } from './inode.js';
import { lookupLast, type LookupContext, type ResolvedPath } from './namei.js';
import { doTruncate } from './truncate.js';

export interface OpenOptions {
  /** O_RDWR instead of O_RDONLY. */
  readonly write?: boolean | undefined;
  /** O_CREAT: a regular file is made if nothing is there. */
  readonly create?: boolean | undefined;
  /** O_EXCL, with `create`: something there, even a symlink, is an error. */
  readonly exclusive?: boolean | undefined;
  /** O_TRUNC: the file is emptied, also without `write`. */
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
  const { write = false, create = false, exclusive = false, truncate = false } = options;
  const at = lookupLast(context, path, { follow: !(create && exclusive) });
  if (at.inode === undefined && create) {
    const inode = createAt(at, options.mode ?? 0o644);
    return OpenFile.open({ inode, mount: at.mount!, path: at.path }, { writable: write });
  }
  const { inode, mount } = at;
  if (inode === undefined || mount === undefined) throw new SyscallError('ENOENT');
  if (create && exclusive) throw new SyscallError('EEXIST');
  if (inode.isDirectory && (write || create || truncate)) throw new SyscallError('EISDIR');
  if (create && at.slash) throw new SyscallError('EISDIR');
  const found = { inode, mount, path: at.path };
  const truncates = truncate && inode.isRegular;
  if (!truncates) return OpenFile.open(found, { writable: write });
  return withWriteAccess(mount, () => {
    const file = OpenFile.open(found, { writable: write, truncates });
    try {
      truncatePath(found, 0);
      return file;
    } catch (error) {
      file.put();
      throw error;
    }
  });
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
