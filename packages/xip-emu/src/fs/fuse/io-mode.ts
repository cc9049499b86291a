import { SyscallError } from '../../errno.js';
import type { OpenFile } from '../../vfs/file.js';
import type { FuseFile } from './fuse-file.js';
import type { FuseInode } from './inode.js';
import { passthroughOpen } from './passthrough.js';
import {
  FOPEN_DIRECT_IO,
  FOPEN_NOFLUSH,
  FOPEN_PARALLEL_DIRECT_WRITES,
  FOPEN_PASSTHROUGH,
} from './protocol.js';

/*
 * A file is used through the page cache, or not at all through it: passed through to a backing
 * file. What an inode's open files do may not be mixed. Compare fs/fuse/iomode.c.
 */

/** Flags allowed together with FOPEN_PASSTHROUGH: fs/fuse/iomode.c:FOPEN_PASSTHROUGH_MASK. */
const PASSTHROUGH_MASK =
  FOPEN_PASSTHROUGH | FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES | FOPEN_NOFLUSH;

/**
 * Takes the mode that the server asked for. A mode that cannot be is a mistake of the server, which
 * users see as EIO. Compare fs/fuse/iomode.c:fuse_file_io_open().
 *
 * @throws SyscallError EIO.
 */
export function openIoMode(file: OpenFile, inode: FuseInode, fuseFile: FuseFile): void {
  const { flags } = fuseFile;
  try {
    if ((flags & FOPEN_PASSTHROUGH) !== 0) {
      openPassthrough(file, inode, fuseFile);
    } else if (inode.backing !== undefined) {
      throw new SyscallError('EINVAL', 'the file is open for passthrough');
    } else if ((flags & FOPEN_DIRECT_IO) === 0) {
      openCached(inode, fuseFile);
    }
  } catch (error) {
    if (error instanceof SyscallError) throw new SyscallError('EIO', error.message);
    throw error;
  }
}

/**
 * Counts one more open file that uses the page cache. Compare
 * fs/fuse/iomode.c:fuse_file_cached_io_open().
 *
 * @throws SyscallError ETXTBSY if the inode is passed through.
 */
export function openCached(inode: FuseInode, fuseFile: FuseFile): void {
  // A server without OPEN has no modes.
  if (!fuseFile.opened || fuseFile.ioMode === 'cached') return;
  if (inode.backing !== undefined) throw new SyscallError('ETXTBSY');
  fuseFile.ioMode = 'cached';
  inode.ioCacheCount += 1;
}

/** Compare fs/fuse/iomode.c:fuse_file_passthrough_open(). */
function openPassthrough(file: OpenFile, inode: FuseInode, fuseFile: FuseFile): void {
  const { connection } = inode.sb;
  if (!connection.passthrough || (fuseFile.flags & ~PASSTHROUGH_MASK) !== 0) {
    throw new SyscallError('EINVAL', 'flags that exclude FOPEN_PASSTHROUGH');
  }
  const { backing, real } = passthroughOpen(file, connection, fuseFile.backingId);
  try {
    if (inode.backing !== undefined && inode.backing !== backing) {
      throw new SyscallError('EBUSY', 'the file has another backing file');
    }
    if (inode.ioCacheCount > 0) throw new SyscallError('ETXTBSY', 'the page cache is in use');
  } catch (error) {
    real.put();
    throw error;
  }
  inode.ioCacheCount -= 1;
  inode.backing ??= backing.get();
  fuseFile.ioMode = 'uncached';
  fuseFile.passthrough = real;
}

/** Compare fs/fuse/iomode.c:fuse_file_io_release(). */
export function releaseIoMode(inode: FuseInode, fuseFile: FuseFile): void {
  const { ioMode } = fuseFile;
  fuseFile.ioMode = 'none';
  if (ioMode === 'cached') inode.ioCacheCount -= 1;
  if (ioMode !== 'uncached') return;
  inode.ioCacheCount += 1;
  if (inode.ioCacheCount < 0) return;
  inode.backing?.put();
  inode.backing = undefined;
}
