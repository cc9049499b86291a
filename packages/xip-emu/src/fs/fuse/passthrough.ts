import { SyscallError } from '../../errno.js';
import { openBackingFile, type EndWrite } from '../../vfs/backing-file.js';
import type { OpenFile } from '../../vfs/file.js';
import type { FuseBacking, FuseConnection } from './connection.js';
import { fuseInode } from './inode.js';

/**
 * Opens the backing file with the access of the user's. Compare
 * fs/fuse/passthrough.c:fuse_passthrough_open().
 *
 * @throws SyscallError EINVAL, ENOENT for an id that is none, or what opening throws.
 */
export function passthroughOpen(
  file: OpenFile,
  connection: FuseConnection,
  backingId: number,
): { readonly backing: FuseBacking; readonly real: OpenFile } {
  if (backingId <= 0) throw new SyscallError('EINVAL', 'no backing id');
  const backing = connection.backing(backingId);
  if (backing === undefined) throw new SyscallError('ENOENT', 'no such backing id');
  return { backing, real: openBackingFile(file, backing.path) };
}

/**
 * The inode's size follows at once, the other attributes when the server is asked the next time.
 * Compare fs/fuse/passthrough.c:fuse_passthrough_end_write().
 */
export function passthroughEndWrite(file: OpenFile): EndWrite {
  const inode = fuseInode(file.inode);
  return (end, written) => {
    if (written > 0) inode.extend(end);
  };
}
