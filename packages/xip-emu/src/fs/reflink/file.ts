import { SyscallError, isSyscallError } from '../../errno.js';
import { PG_DIRTY } from '../../phys/physical-memory.js';
import { PAGE_SIZE, pagesOf } from '../../units.js';
import type { FileOperations, OpenFile } from '../../vfs/file.js';
import { filemapFault, filemapMapPages, filemapRead } from '../../vfs/filemap.js';
import { remapFileRangePrep } from '../../vfs/remap-range.js';
import {
  VM_FAULT_NOPAGE,
  VM_FAULT_OK,
  VM_FAULT_SIGBUS,
  type VmFault,
  type VmOperations,
} from '../../vfs/vm-area.js';
import { filemapSpliceRead, iterFileSpliceWrite } from '../../vfs/splice.js';
import { writebackRange } from '../../vfs/writeback.js';
import { cowfsInode } from './inode.js';

/** Through the page cache. Compare fs/iomap/buffered-io.c:iomap_file_buffered_write(). */
function writeIter({ inode }: OpenFile, position: number, from: Uint8Array): number {
  const file = cowfsInode(inode);
  file.zeroBehindEnd(position);
  for (let done = 0; done < from.length;) {
    const at = position + done;
    const offset = at % PAGE_SIZE;
    const length = Math.min(PAGE_SIZE - offset, from.length - done);
    try {
      const frame = file.ownPage(Math.floor(at / PAGE_SIZE));
      const { phys } = file.sb;
      phys.borrowWritable(frame).set(from.subarray(done, done + length), offset);
      phys.setFlag(frame, PG_DIRTY);
    } catch (error) {
      // What was written before counts.
      if (done > 0 && isSyscallError(error)) return done;
      throw error;
    }
    done += length;
    file.extend(at + length);
  }
  return from.length;
}

/**
 * The first store to a clean page of a shared map: the page and its block become this file's own.
 * Compare fs/iomap/buffered-io.c:iomap_page_mkwrite().
 */
function pageMkwrite(fault: VmFault): number {
  const file = cowfsInode(fault.vma.file!.inode);
  if (fault.pgoff >= pagesOf(file.size)) return VM_FAULT_SIGBUS;
  try {
    return file.ownPage(fault.pgoff) === fault.frame ? VM_FAULT_OK : VM_FAULT_NOPAGE;
  } catch (error) {
    if (isSyscallError(error)) return VM_FAULT_SIGBUS;
    throw error;
  }
}

const cowfsVmOps: VmOperations = { fault: filemapFault, mapPages: filemapMapPages, pageMkwrite };

export const cowfsFileOperations: FileOperations = {
  readIter: filemapRead,
  writeIter,
  spliceRead: filemapSpliceRead,
  spliceWrite: iterFileSpliceWrite,
  mmap(_file, vma) {
    vma.ops = cowfsVmOps;
  },
  fsync({ mapping }, start, end) {
    writebackRange(mapping!, Math.floor(start / PAGE_SIZE), pagesOf(end));
  },
  /** Compare fs/xfs/xfs_file.c:xfs_file_remap_range(). */
  remapFileRange(source, sourceOffset, target, targetOffset, wanted) {
    const length = remapFileRangePrep(source, sourceOffset, target, targetOffset, wanted);
    if (length === 0) return;
    const to = cowfsInode(target.inode);
    to.zeroBehindEnd(targetOffset);
    to.remap(cowfsInode(source.inode), sourceOffset, targetOffset, length);
  },
};

export const cowfsDirectoryOperations: FileOperations = {
  readIter() {
    throw new SyscallError('EISDIR');
  },
};
