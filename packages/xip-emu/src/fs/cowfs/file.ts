import type { FileOperations } from '../../vfs/file.js';
import { filemapRead, genericFileVmOps, genericPerformWrite } from '../../vfs/filemap.js';
import { remapFileRangePrep } from '../../vfs/remap-range.js';
import { filemapSpliceRead, iterFileSpliceWrite } from '../../vfs/splice.js';
import { writebackBytes } from '../../vfs/writeback.js';
import { cowfsInode } from './inode.js';

export const cowfsFileOperations: FileOperations = {
  readIter: filemapRead,
  writeIter({ inode }, position, from) {
    const file = cowfsInode(inode);
    file.zeroBehindEnd(position);
    return genericPerformWrite(inode.mapping!, position, from, (size) => {
      file.extend(size);
    });
  },
  spliceRead: filemapSpliceRead,
  spliceWrite: iterFileSpliceWrite,
  mmap(_file, vma) {
    vma.ops = genericFileVmOps;
  },
  fsync({ mapping }, start, end) {
    writebackBytes(mapping!, start, end);
  },
  /** Compare fs/xfs/xfs_file.c:xfs_file_remap_range(). */
  remapFileRange(source, sourceOffset, target, targetOffset, wanted, flags) {
    const length = remapFileRangePrep(source, sourceOffset, target, targetOffset, wanted, flags);
    if (length === 0) return;
    const to = cowfsInode(target.inode);
    to.zeroBehindEnd(targetOffset);
    to.remap(cowfsInode(source.inode), sourceOffset, targetOffset, length);
  },
};
