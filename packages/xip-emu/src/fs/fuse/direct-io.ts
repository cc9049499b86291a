import { SyscallError } from '../../errno.js';
import { invalidatePages } from '../../vfs/invalidate.js';
import { writebackBytes } from '../../vfs/writeback.js';
import type { FuseFile } from './fuse-file.js';
import type { FuseInode } from './inode.js';
import { maxRequest, sendRead, sendWrite } from './transfer.js';

/* Reads and writes of files with FOPEN_DIRECT_IO. Compare fs/fuse/file.c:fuse_direct_io(). */

export function directRead(
  inode: FuseInode,
  file: FuseFile,
  position: number,
  into: Uint8Array,
): number {
  const { mapping } = inode;
  writebackBytes(mapping!, position, position + into.length);
  return inPieces(inode, into.length, (done, size) => {
    const bytes = sendRead(inode, file.handle, position + done, size);
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
  const { mapping } = inode;
  const { geometry } = inode.sb;
  const first = geometry.pageOf(position);
  const end = geometry.pagesOf(position + from.length);
  invalidatePages(mapping!, first, end);
  const done = inPieces(inode, from.length, (at, size) =>
    sendWrite(inode, file.handle, position + at, from.subarray(at, at + size)),
  );
  invalidatePages(mapping!, first, end);
  inode.extend(position + done);
  return done;
}

/** Transfers in pieces until one is short; an error after the first piece ends it silently. */
function inPieces(
  inode: FuseInode,
  length: number,
  transfer: (done: number, size: number) => number,
): number {
  let done = 0;
  while (done < length) {
    const size = Math.min(length - done, maxRequest(inode));
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
