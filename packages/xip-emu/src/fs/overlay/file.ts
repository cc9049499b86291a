import { SyscallError, invariant } from '../../errno.js';
import {
  backingFileMmap,
  backingFileRead,
  backingFileSpliceRead,
  backingFileSpliceWrite,
  backingFileWrite,
  openBackingFile,
} from '../../vfs/backing-file.js';
import { OpenFile, REMAP_FILE_DEDUP, type FileOperations } from '../../vfs/file.js';
import { directoryOperations } from '../../vfs/libfs.js';
import { cloneFileRange, dedupeFileRangeOne } from '../../vfs/remap-range.js';
import { OverlayInode } from './inode.js';

/** The real file that was opened with the overlay's: it stays the same after a copy-up. */
function openedReal(file: OpenFile): OpenFile {
  invariant(file.privateData instanceof OpenFile, 'an overlay file without a real one');
  return file.privateData;
}

function overlayInode({ inode }: OpenFile): OverlayInode {
  invariant(inode instanceof OverlayInode, 'an operation of overlayfs on a foreign inode');
  return inode;
}

/**
 * Calls `use` with the file of the present real inode: after a copy-up that is no longer the one
 * that was opened. Compare fs/overlayfs/file.c:ovl_real_fdget(), which is there since 4.19.
 */
function withReal<T>(file: OpenFile, use: (real: OpenFile) => T): T {
  const inode = overlayInode(file);
  const opened = openedReal(file);
  const { followsCopyUp } = inode.sb.stacking;
  if (opened.inode === inode.real || followsCopyUp === 'nothing') return use(opened);
  const present = openBackingFile(file, inode.realPath);
  try {
    return use(present);
  } finally {
    present.put();
  }
}

export const overlayFileOperations: FileOperations = {
  open(file) {
    const inode = overlayInode(file);
    if (file.writable || file.truncates) inode.copyUpOpened(file);
    file.privateData = openBackingFile(file, inode.realPath);
  },
  release(file) {
    openedReal(file).put();
  },
  flush: (file) => {
    withReal(file, (real) => real.fops.flush?.(real));
  },
  readIter: (file, position, into) =>
    withReal(file, (real) => backingFileRead(real, position, into)),
  writeIter: (file, position, from) =>
    withReal(file, (real) => backingFileWrite(real, position, from)),
  spliceRead: (file, position, pipe, length) =>
    withReal(file, (real) => backingFileSpliceRead(real, position, pipe, length)),
  spliceWrite: (pipe, file, position, length) =>
    withReal(file, (real) => backingFileSpliceWrite(pipe, real, position, length)),
  seekHoleOrData: (file, offset, whence) =>
    withReal(file, (real) => {
      const { fops, inode } = real;
      if (fops.seekHoleOrData !== undefined) return fops.seekHoleOrData(real, offset, whence);
      return whence === 'data' ? offset : inode.size;
    }),
  fallocate: (file, mode, offset, length) => {
    withReal(file, (real) => {
      if (real.fops.fallocate === undefined) throw new SyscallError('EOPNOTSUPP');
      real.fops.fallocate(real, mode, offset, length);
    });
  },
  /** Deduplicating copies nothing up. Compare fs/overlayfs/file.c:ovl_remap_file_range(). */
  remapFileRange(source, sourceOffset, target, targetOffset, length, flags) {
    const dedupes = (flags & REMAP_FILE_DEDUP) !== 0;
    const uppers = [overlayInode(source).upper, overlayInode(target).upper];
    if (dedupes && uppers.includes(undefined)) {
      throw new SyscallError('EPERM', 'a file of a lower layer');
    }
    withReal(target, (realTarget) => {
      withReal(source, (real) => {
        if (dedupes) dedupeFileRangeOne(real, sourceOffset, realTarget, targetOffset, length);
        else cloneFileRange(real, realTarget, { sourceOffset, targetOffset, length });
      });
    });
  },
  /** Files of the lower layer are unchanged, so there is nothing to sync. Compare fs/overlayfs/file.c:ovl_fsync(). */
  fsync(file, start, end) {
    withReal(file, (real) => {
      if (!real.writable) return;
      if (real.fops.fsync === undefined) throw new SyscallError('EINVAL');
      real.fops.fsync(real, start, end);
    });
  },
  /**
   * Not the present real file but the one that was opened, unless maps follow a copy-up. Compare
   * fs/overlayfs/file.c:ovl_mmap().
   */
  mmap(file, vma) {
    const inode = overlayInode(file);
    if (inode.sb.stacking.followsCopyUp !== 'maps') {
      backingFileMmap(openedReal(file), vma);
      return;
    }
    withReal(file, (real) => {
      backingFileMmap(real, vma);
    });
    const { mapping } = vma.file!;
    if (mapping !== undefined) inode.mappedThrough(mapping);
  },
};

/** Operations of directories. Compare fs/overlayfs/readdir.c:ovl_dir_operations. */
export const overlayDirectoryOperations: FileOperations = {
  ...directoryOperations,
  /** Lower directories are unchanged, so there is nothing to sync. Compare ovl_dir_fsync(). */
  fsync(file, start, end) {
    const { upper } = overlayInode(file);
    if (upper === undefined) return;
    if (upper.fops.fsync === undefined) throw new SyscallError('EINVAL');
    upper.fops.fsync(file, start, end);
  },
};
