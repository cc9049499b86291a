import { SyscallError } from '../../errno.js';
import type { FuseInode } from './inode.js';
import type { FileHandle } from './protocol.js';

const FUSE_DEFAULT_MAX_PAGES_PER_REQ = 32;

/** Bytes that one request reads or writes at most. */
export function maxRequest({ sb }: FuseInode): number {
  return FUSE_DEFAULT_MAX_PAGES_PER_REQ * sb.geometry.size;
}

/** READ. @throws SyscallError EIO for more than was asked for, or what the server throws. */
export function sendRead(
  { sb, nodeId }: FuseInode,
  handle: FileHandle,
  offset: number,
  size: number,
): Uint8Array {
  const bytes = sb.connection.request('read', nodeId, handle, offset, size);
  if (bytes.length > size) throw new SyscallError('EIO', 'the server returned too much data');
  return bytes;
}

/**
 * WRITE. The server gets bytes of its own.
 *
 * @returns bytes written.
 * @throws SyscallError EIO for more than there was, or what the server throws.
 */
export function sendWrite(
  { sb, nodeId }: FuseInode,
  handle: FileHandle,
  offset: number,
  bytes: Uint8Array,
): number {
  const written = sb.connection.request('write', nodeId, handle, offset, bytes.slice());
  if (!(written >= 0 && written <= bytes.length)) {
    throw new SyscallError('EIO', 'the server claims to have written more than it was given');
  }
  return written;
}
