import { SyscallError } from '../../errno.js';
import { PAGE_SIZE, pagesOf } from '../../units.js';
import { invalidatePages } from '../../vfs/invalidate.js';
import { writebackRange } from '../../vfs/writeback.js';
import { MAX_REQUEST } from './cache.js';
import type { FuseFile } from './fuse-file.js';
import type { FuseInode } from './inode.js';

/* Reads and writes of files with FOPEN_DIRECT_IO. Compare fs/fuse/file.c:fuse_direct_io(). */

export function directRead(
  inode: FuseInode,
  file: FuseFile,
  position: number,
  into: Uint8Array,
): number {
  const { sb, nodeId, mapping } = inode;
  writebackRange(mapping!, Math.floor(position / PAGE_SIZE), pagesOf(position + into.length));
  return inPieces(into.length, (done, size) => {
    const bytes = sb.connection.request('read', nodeId, file.handle, position + done, size);
    if (bytes.length > size) throw new SyscallError('EIO', 'the server gives too much');
    into.set(bytes, done);
    return bytes.length;
  });
}

export function directWrite(
  inode: FuseInode,
  file: FuseFile,
  position: number,
  from: Uint8Array,
): number {
  const { sb, nodeId, mapping } = inode;
  const first = Math.floor(position / PAGE_SIZE);
  const end = pagesOf(position + from.length);
  invalidatePages(mapping!, first, end);
  const done = inPieces(from.length, (at, size) => {
    const piece = from.slice(at, at + size);
    return sb.connection.request('write', nodeId, file.handle, position + at, piece);
  });
  invalidatePages(mapping!, first, end);
  inode.extend(position + done);
  return done;
}

/** Goes on until a piece falls short; an error behind the first one ends it without. */
function inPieces(length: number, transfer: (done: number, size: number) => number): number {
  let done = 0;
  while (done < length) {
    const size = Math.min(length - done, MAX_REQUEST);
    let got: number;
    try {
      got = transfer(done, size);
    } catch (error) {
      if (done > 0 && error instanceof SyscallError) break;
      throw error;
    }
    done += got;
    if (got < size) break;
  }
  return done;
}
