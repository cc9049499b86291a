import { SyscallError } from '../../errno.js';
import type { Pgoff } from '../../units.js';
import type { AddressSpace, AddressSpaceOperations } from '../../vfs/address-space.js';
import { filemapFault, filemapMapPages } from '../../vfs/filemap.js';
import { invalidatePages } from '../../vfs/invalidate.js';
import { VM_FAULT_OK, type VmOperations } from '../../vfs/vm-area.js';
import { writebackRange } from '../../vfs/writeback.js';
import type { FuseFile } from './fuse-file.js';
import { fuseInode, type FuseInode } from './inode.js';
import { maxRequest, sendRead, sendWrite } from './transfer.js';

/** The server accepts the handle of any open file: fs/fuse/file.c:fuse_write_file_get(). */
function anyHandle(inode: FuseInode): number {
  const [file] = inode.openFiles;
  if (file === undefined) throw new SyscallError('EIO', 'no file is open');
  return file.handle;
}

/**
 * One READ for one page. A short answer is the end of the file, whatever the size was. Compare
 * fs/fuse/file.c:fuse_do_readpage() and fuse_short_read().
 */
function readFolio({ host, geometry }: AddressSpace, index: Pgoff): Uint8Array {
  const inode = fuseInode(host);
  const { size: pageSize } = geometry;
  const offset = index * pageSize;
  const bytes = sendRead(inode, anyHandle(inode), offset, pageSize);
  if (bytes.length < pageSize) inode.size = Math.min(inode.size, offset + bytes.length);
  return bytes;
}

/** What was stored through a map, up to the end of the file. Compare fuse_writepages(). */
function writeFolio({ host, geometry }: AddressSpace, index: Pgoff, content: Uint8Array): void {
  const inode = fuseInode(host);
  const offset = index * geometry.size;
  const bytes = content.subarray(0, Math.max(inode.size - offset, 0));
  if (bytes.length > 0) sendWrite(inode, anyHandle(inode), offset, bytes);
}

export const fuseAops: AddressSpaceOperations = { readFolio, writeFolio, volatile: true };

/** fs/fuse/file.c:fuse_file_vm_ops */
export const fuseVmOps: VmOperations = {
  fault: filemapFault,
  mapPages: filemapMapPages,
  pageMkwrite: () => VM_FAULT_OK,
  close({ file }) {
    try {
      writebackRange(file!.mapping!);
    } catch (error) {
      // munmap(2) does not report the error.
      if (!(error instanceof SyscallError)) throw error;
    }
  },
};

/**
 * write(2) through the page cache to the server: pages that are cached get the bytes, whole pages
 * are cached by it, and each request ends after a page that is neither. Compare
 * fs/fuse/file.c:fuse_perform_write().
 *
 * @throws SyscallError what the server throws at the first request.
 */
export function writeThrough(
  inode: FuseInode,
  file: FuseFile,
  position: number,
  from: Uint8Array,
): number {
  let done = 0;
  try {
    while (done < from.length) {
      const length = fillPages(inode, position + done, from.subarray(done));
      const at = position + done;
      let written = 0;
      try {
        written = sendWrite(inode, file.handle, at, from.subarray(done, done + length));
      } finally {
        // Pages that the server has not accepted are not up to date.
        if (written < length) forget(inode, at + written, at + length);
      }
      done += written;
      if (written < length) break;
    }
  } catch (error) {
    if (done === 0 || !(error instanceof SyscallError)) throw error;
  } finally {
    inode.extend(position + done);
  }
  return done;
}

/** Bytes of the next request, in the cache where it can have them. Compare fuse_fill_write_pages(). */
function fillPages(inode: FuseInode, position: number, from: Uint8Array): number {
  const mapping = inode.mapping!;
  const { size: pageSize } = mapping.geometry;
  const limit = maxRequest(inode);
  let done = 0;
  do {
    const at = position + done;
    const index = Math.floor(at / pageSize);
    const offset = at % pageSize;
    const bytes = from.subarray(done, done + Math.min(pageSize - offset, limit - done));
    const whole = bytes.length === pageSize;
    const frame = whole ? mapping.grab(index) : mapping.find(index);
    done += bytes.length;
    if (frame < 0) break;
    mapping.phys.borrowWritable(frame).set(bytes, offset);
  } while (done < from.length && done < limit && (position + done) % pageSize === 0);
  return done;
}

function forget(inode: FuseInode, from: number, to: number): void {
  const { geometry } = inode.sb;
  invalidatePages(inode.mapping!, geometry.pageOf(from), geometry.pagesOf(to));
}
